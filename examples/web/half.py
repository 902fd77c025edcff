#!/usr/bin/env python3
"""Rounds the weights of a .safetensors file to the values of f16, in place and still as f32.

  half.py WEIGHTS.safetensors

Half of each number's bits are zero then, and the page that holds them deflates to half its size.
"""
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

tensors = load_file(sys.argv[1])
save_file({name: t.astype(np.float16).astype(t.dtype) for name, t in tensors.items()}, sys.argv[1])
