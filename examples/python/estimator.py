"""Handwritten digits by an estimator of linnet within scikit-learn's cross-validation."""
from linnet.sklearn import Classifier
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

X, y = load_digits(return_X_y=True)
model = Classifier(hidden_layer_sizes=(64,), batch_size=64, max_iter=30, random_state=0)
scores = cross_val_score(model, X, y, cv=3)
print(f"accuracy {scores.mean():.3f}")
