"""AR and latent AR on sunspots, a noisy sine and visitors: losses and errors by steps ahead."""
import os
import sys

from common import model, work_folder
from series import SUNSPOTS, VISITORS, backtest, fit, on_column, write_sine

MODELS = [("AR(4)", "models/ar.lin", ["--set", "p=4"]), ("AR(9)", "models/ar.lin", ["--set", "p=9"]),
          ("MLP of 9", "models/ar_mlp.lin", ["--set", "p=9"]),
          ("GRU 32", "models/latent_ar.lin", []), ("LSTM 32", "models/latent_ar_lstm.lin", [])]


def main():
    with work_folder() as folder:
        sine = os.path.join(folder, "sine.csv")
        write_sine(sine)
        print("| series | model | training loss | validation loss | rmse of 1 step | 4 | 16 | 64 |")
        print("|---|---|---|---|---|---|---|---|")
        for name, csv, column, index, last in [("sunspots", SUNSPOTS, "sunspots", "year", 80),
                                               ("sine", sine, "x", "t", 300),
                                               ("visitors", VISITORS, "visitors", "day", 400)]:
            naive = {}
            for label, path, settings in MODELS:
                copy = on_column(model(path), folder, column, index)
                train, validation, program = fit(copy, csv, folder, settings=settings)
                errors = backtest(program, csv, last)
                naive = errors
                print("| %s | %s | %.4g | %.4g | %s |" % (
                    name, label, train, validation,
                    " | ".join("%.4g" % errors[k][0] for k in (1, 4, 16, 64))))
                sys.stdout.flush()
            print("| %s | same as last | | | %s |" % (
                name, " | ".join("%.4g" % naive[k][1] for k in (1, 4, 16, 64))))


main()
