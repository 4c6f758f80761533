"""Generates the models with datamodel-code-generator."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING

from datamodel_code_generator import generate
from datamodel_code_generator.enums import (
    DataModelType,
    InputFileType,
    ModuleSplitMode,
    TargetPydanticVersion,
)
from datamodel_code_generator.format import DatetimeClassType, PythonVersion

from coder_generator.errors import GenerationError
from coder_generator.naming import class_name, require_distinct, snake_case
from coder_generator.prepare import models_document
from coder_generator.rules import with_rules
from coder_generator.usage import schema_usage

if TYPE_CHECKING:
    from coder_spec import Contract

_BASE_MODULE = "coder_workspaces._model"
_REQUEST_BASE = "coder_workspaces._request_model.RequestModel"
_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)


def generate_models(contract: Contract) -> dict[str, str]:
    """Generate one module per schema.

    Returns:
        Source of each module by schema name, unformatted.

    Raises:
        GenerationError: The tool failed, warned, or left something out or added something.
    """
    schemas: dict[str, object] = contract.document["components"]["schemas"]
    require_distinct(((module_name(class_name(name)), name) for name in schemas), "schemas")
    usage = schema_usage(contract)
    bases: dict[str, str | list[str]] = {
        name: _REQUEST_BASE for name in schemas if usage.only_in_requests(name)
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            modules = generate(
                json.dumps(models_document(contract)),
                input_file_type=InputFileType.OpenAPI,
                output_model_type=DataModelType.PydanticV2BaseModel,
                target_python_version=PythonVersion.PY_311,
                target_pydantic_version=TargetPydanticVersion.V2_14,
                module_split_mode=ModuleSplitMode.Single,
                base_class=f"{_BASE_MODULE}.ResponseModel",
                base_class_map=bases,
                import_overrides={"StrEnum": _BASE_MODULE},
                use_annotated=True,
                field_constraints=True,
                field_extra_keys={"repr"},
                use_specialized_enum=True,
                capitalise_enum_members=True,
                empty_enum_field_name="none",
                output_datetime_class=DatetimeClassType.Awaredatetime,
                snake_case_field=True,
                strict_nullable=True,
                use_missing_sentinel=True,
                use_standard_collections=True,
                use_union_operator=True,
                use_typed_nullable_map_values=True,
                use_schema_description=True,
                use_field_description=True,
                use_inline_field_description=True,
                use_single_line_docstring=True,
                use_exact_imports=True,
                disable_future_imports=True,
                use_double_quotes=True,
                keep_model_order=True,
                disable_timestamp=True,
                allow_remote_refs=False,
                strict_refs=True,
                custom_file_header="#",
                formatters=[],
            )
    except GenerationError:
        raise
    except Exception as error:
        raise GenerationError(
            f"The models cannot be generated: {_first_line(error)} Correct the schemas below "
            "components/schemas."
        ) from error
    if not isinstance(modules, dict):
        raise GenerationError("The models were not split into modules; check the tool's version.")
    sources = _by_schema({path[-1]: str(source) for path, source in modules.items()}, schemas)
    for name in bases:
        sources[name] = with_rules(sources[name], contract.document["components"]["schemas"][name])
    return sources


def module_name(schema: str) -> str:
    """Return the name of the module that a schema's class is in."""
    return snake_case(schema)


def _by_schema(modules: dict[str, str], schemas: dict[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for filename, source in modules.items():
        if filename == "__init__.py":
            continue
        classes = _CLASS.findall(source)
        if len(classes) != 1 or classes[0] not in schemas:
            raise GenerationError(
                f"The models contain {', '.join(classes) or filename}, which is no schema of the "
                "contract; give every object and enumeration a schema of its own below "
                "components/schemas."
            )
        if filename != f"{module_name(classes[0])}.py":
            # The tool has its own idea of snake case; imports between the modules follow it.
            raise GenerationError(
                f"The schema {classes[0]!r} would be in {filename}; rename it in the contract so "
                f"that its module is {module_name(classes[0])}.py."
            )
        found[classes[0]] = source.removeprefix("#").lstrip()
    missing = sorted(set(schemas) - set(found))
    if missing:
        raise GenerationError(
            f"No model was generated for {', '.join(missing)}; write each as an object with "
            "properties or as an enumeration of strings."
        )
    return found


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    line = text[0].strip() if text else type(error).__name__
    return line if line.endswith(".") else f"{line}."
