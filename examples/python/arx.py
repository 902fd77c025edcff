"""Visitors of a park from the nine days before and the weather of the day itself."""
from pathlib import Path
import numpy as np
from linnet.forecasting import Forecaster

table = np.genfromtxt(Path(__file__).parents[2] / "models/data/visitors.csv", delimiter=",", names=True)
y, weather = table["visitors"], table["weather"]
model = Forecaster("ar", lags=9, x_lags=2).fit(y[:-14], {"weather": weather[:-14]})
forecasts = model.predict(14, {"weather": weather[-14:]})
print(f"two weeks ahead: rmse {np.sqrt(np.mean((forecasts - y[-14:]) ** 2)):.1f}")
