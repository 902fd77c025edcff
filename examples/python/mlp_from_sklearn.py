"""A perceptron that scikit-learn has trained, with the scaler before it, as one compiled network."""
import linnet, numpy as np
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_iris(return_X_y=True)
model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=300, random_state=0)).fit(X, y)
net = linnet.compile(model)
print(f"worst difference {np.abs(net(X.astype('f4')) - model.predict_proba(X)).max():.1e}")
