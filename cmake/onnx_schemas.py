"""Writes what the `onnx` package knows of ONNX's operators as rows of C++ (frontend/onnx/import/schemas.cpp):
every operator of every version with its attributes, and the bodies of those that are functions.

  onnx_schemas.py OUT      OUT: the file to write
"""
import sys

import onnx
from onnx import defs

# In the order of onnx::AttributeProto::AttributeType.
KINDS = {"FLOAT": 1, "INT": 2, "STRING": 3, "TENSOR": 4, "GRAPH": 5, "FLOATS": 6, "INTS": 7,
         "STRINGS": 8, "TENSORS": 9, "GRAPHS": 10, "SPARSE_TENSOR": 11, "TYPE_PROTO": 13}
MANY = 2**31 - 1
DOMAINS = ("", "ai.onnx.preview.training")


def text(data: bytes) -> str:
    """A C string literal of any bytes."""
    return '"' + "".join(f"\\{b:03o}" for b in data) + '"'


def attributes(schema) -> str:
    rows = [f"{name}:{KINDS[a.type.name]}{'!' if a.required else ''}"
            for name, a in sorted(schema.attributes.items())]
    return ",".join(rows)


def row(schema) -> str:
    most_in, most_out = min(schema.max_input, MANY), min(schema.max_output, MANY)
    return (f'{{"{schema.domain}", "{schema.name}", {schema.since_version}, '
            f"{str(schema.deprecated).lower()}, {schema.min_input}, {most_in}, {schema.min_output}, "
            f'{most_out}, "{attributes(schema)}"}},')


def body(schema, version: int) -> str:
    # The package gives a FunctionProto or its bytes, by version.
    function = schema.get_function_with_opset_version(version)
    if isinstance(function, bytes):
        function = onnx.FunctionProto.FromString(function)
    # What a call leaves out has the schema's default, which the body does not know.
    known = {a.name for a in function.attribute_proto}
    for name, attribute in sorted(schema.attributes.items()):
        if attribute.default_value.type and name not in known:
            function.attribute_proto.append(attribute.default_value)
    data = function.SerializeToString(deterministic=True)
    return f'{{"{schema.name}", {schema.since_version}, {version}, {text(data)}, {len(data)}}},'


def main(out: str) -> None:
    schemas = [s for s in defs.get_all_schemas_with_history() if s.domain in DOMAINS]
    schemas.sort(key=lambda s: (s.domain, s.name, s.since_version))
    lines = [f"constexpr int kNewestOpset = {defs.onnx_opset_version()};",
             "constexpr SchemaRow kSchemas[] = {", *map(row, schemas), "};",
             "constexpr BodyRow kBodies[] = {"]
    for schema in schemas:
        if schema.has_function and schema.domain == "":
            lines += [body(schema, version) for version in schema.function_opset_versions]
    lines.append("};")
    with open(out, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


main(sys.argv[1])
