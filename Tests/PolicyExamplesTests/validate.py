#!/usr/bin/python3
"""Says of each YAML file whether a JSON Schema accepts it: validate.py SCHEMA FILE...

Prints one line a file: `valid`, or `invalid` and the first reason. Scalars become what the YAML 1.2 core schema makes of them,
as in editors, and not what PyYAML's YAML 1.1 does: `off` is a text, and so is a date.
"""

import json
import pathlib
import re
import sys

import jsonschema
import yaml


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2, core schema; duplicate keys are errors."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", node.start_mark)
        return super().construct_mapping(node, deep)


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), first)
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))

schema_path = pathlib.Path(sys.argv[1]).resolve()
schema = json.loads(schema_path.read_text())
# The two schemas name each other by file name.
files = {path.name: json.loads(path.read_text()) for path in schema_path.parent.glob("*.schema.json")}
for content in files.values():
    jsonschema.Draft7Validator.check_schema(content)
resolver = jsonschema.RefResolver(base_uri=schema_path.name, referrer=schema, store=files)
validator = jsonschema.Draft7Validator(schema, resolver=resolver)

for path in sys.argv[2:]:
    try:
        document = yaml.load(pathlib.Path(path).read_text(), CoreLoader)
    except yaml.YAMLError as error:
        print("invalid", " ".join(str(error).split()))
        continue
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    print("valid" if error is None else f"invalid /{'/'.join(map(str, error.absolute_path))}: {error.message}")
