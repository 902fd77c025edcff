"""Locality and weight sharing: digits that move, and digits whose pixels change places.

A convolution sees neighbours, and the same kernel everywhere; a perceptron does neither. So moved
digits harm it more, while one permutation of all pixels means nothing to it."""
import json
import os
import sys

from common import DIGITS, LINNET, call, digits, model, rng, train, work_folder, write_digits

pictures, labels = digits("t10k")
train_pictures, train_labels = digits("train")
FEW = 200  # with all 1,437 digits both learn even the permuted ones
order = list(range(784))
rng(1).shuffle(order)


def moved(picture, by):
    rows = [picture[28 * y:28 * y + 28] for y in range(28)]
    return b"".join(bytes(by) + bytes(row[:28 - by]) for row in rows)


def permuted(picture):
    return bytes(picture[i] for i in order)


accuracy = {}
with work_folder() as folder:
    few, mixed = folder + "/few", folder + "/permuted"
    write_digits(few, "train", train_pictures[:FEW], train_labels[:FEW])
    write_digits(few, "t10k", pictures, labels)
    write_digits(mixed, "train", [permuted(p) for p in train_pictures[:FEW]], train_labels[:FEW])
    write_digits(mixed, "t10k", [permuted(p) for p in pictures], labels)
    for by in range(5):
        write_digits("%s/moved%d" % (folder, by), "t10k", [moved(p, by) for p in pictures], labels)
    for name in ("mlp", "lenet"):
        file = model("models/%s.lin" % name)
        train(file, "--data", DIGITS, "-o", folder + "/w.safetensors")
        call(LINNET, "compile", file, "--weights", folder + "/w.safetensors", "-o", folder + "/" + name)
        row = []
        for by in range(5):
            images = "%s/moved%d/t10k-images-idx3-ubyte" % (folder, by)
            row.append(100 * json.loads(call(folder + "/" + name, "--json", images))["accuracy"])
        for data in (few, mixed):
            row.append(sum(100 * train(file, "--data", data, "--seed", str(seed))["test"]["accuracy"]
                           for seed in range(3)) / 3)
        accuracy[name] = row
print("accuracy on the 360 test digits, %")
print("        moved by 0      1      2      3      4 pixels   on %d digits   permuted" % FEW)
for name, row in accuracy.items():
    print("%-8s %14s" % (name, "") + "".join("%7.2f" % v for v in row[:5]) + "%16.2f %16.2f" % (row[5], row[6]))
lost = {name: row[5] - row[6] for name, row in accuracy.items()}
print("moved by 2: lenet is %.1f points better" % (accuracy["lenet"][2] - accuracy["mlp"][2]))
print("permuted: mlp loses %.1f points, lenet %.1f" % (lost["mlp"], lost["lenet"]))
if len(sys.argv) > 1:  # a picture beside the table
    def line(row, colour):
        points = " ".join("%d,%d" % (70 + 130 * i, 330 - 2.8 * v) for i, v in enumerate(row[:5]))
        return "<polyline points='%s' fill='none' stroke='%s' stroke-width='2'/>" % (points, colour)
    axis = "".join("<text x='%d' y='355' text-anchor='middle'>%d</text>" % (70 + 130 * i, i)
                   for i in range(5))
    axis += "".join("<text x='58' y='%d' text-anchor='end'>%d</text><path d='M65 %dH600' "
                    "stroke='#ddd'/>" % (334 - 2.8 * v, v, 330 - 2.8 * v) for v in range(0, 101, 20))
    with open(sys.argv[1], "w") as f:
        f.write("<svg xmlns='http://www.w3.org/2000/svg' width='720' height='390' "
                "font-family='sans-serif' font-size='13'><rect width='720' height='390' "
                "fill='white'/><text x='70' y='28' font-size='15'>Accuracy (%) on digits moved by "
                "0 to 4 pixels</text>" + axis + line(accuracy["mlp"], "#ff7f0e") +
                line(accuracy["lenet"], "#1f77b4") +
                "<text x='610' y='%d' fill='#ff7f0e'>mlp</text><text x='610' y='%d' "
                "fill='#1f77b4'>lenet</text><text x='330' y='378' text-anchor='middle'>pixels"
                "</text></svg>\n" % (334 - 2.8 * accuracy["mlp"][4], 334 - 2.8 * accuracy["lenet"][4]))
