"""Dropout: training and test loss of a perceptron that saw 200 digits."""
from common import digits, median, model, train, work_folder, write_digits

with open(model("models/mlp.lin")) as f:
    with_dropout = f.read()
without = with_dropout.replace(" |> dropout(0.2)", "")
assert without != with_dropout
pictures, labels = digits("train")
tests = digits("t10k")
gaps, tests_of = {}, {}
print("seed  dropout  train loss  test loss  gap")
with work_folder() as folder:
    write_digits(folder, "train", pictures[:200], labels[:200])
    write_digits(folder, "t10k", *tests)
    for name, text in (("no", without), ("yes", with_dropout.replace("0.2", "0.5"))):
        path = folder + "/mlp.lin"
        with open(path, "w") as f:
            f.write(text)
        gaps[name], tests_of[name] = [], []
        for seed in range(5):
            report = train(path, "--data", folder, "--seed", str(seed))
            gap = report["test"]["loss"] - report["train"]["loss"]
            gaps[name].append(gap)
            tests_of[name].append(report["test"]["loss"])
            print("%4d  %-7s  %-10.4f  %-9.4f  %.4f" % (seed, name, report["train"]["loss"],
                                                      report["test"]["loss"], gap))


def compared(what, values):
    before, after = median(values["no"]), median(values["yes"])
    print("median %s %.4f without, %.4f with dropout: %s" % (
        what, before, after, "smaller" if after < before else "not smaller"))


compared("gap", gaps)
compared("test loss", tests_of)
