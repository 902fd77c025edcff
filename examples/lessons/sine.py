"""One step ahead four lags are enough; fed its own forecasts, the same model dies away."""
import os
import sys

from common import call, model, work_folder
from series import backtest, fit, write_sine


def main():
    picture = sys.argv[1] if len(sys.argv) > 1 else None
    with work_folder() as folder:
        csv = os.path.join(folder, "sine.csv")
        write_sine(csv)
        train, validation, program = fit(model("examples/lessons/sine.lin"), csv, folder)
        print("loss %.4f on 600 points, %.4f on the last 400" % (train, validation))
        errors = backtest(program, csv, 400)
        for k, (error, naive) in errors.items():
            print("%2d steps ahead: rmse %.3f, same as last %.3f" % (k, error, naive))
        if picture:
            short = "600.csv"  # the picture's title names the file as the call does
            with open(csv) as whole, open(os.path.join(folder, short), "w") as part:
                part.writelines(whole.readlines()[:605])
            call(program, short, "--steps", "300", "--plot", os.path.abspath(picture), folder=folder)
        worse = errors[64][0] > 2 * errors[1][0]
        print("64 steps ahead: %s" % ("more than twice the error" if worse else "no worse"))


main()
