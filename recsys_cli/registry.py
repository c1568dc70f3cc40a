"""Component (a class with a typed Config) and Registry: a folder whose files are its entries."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    PydanticKnownError,
    core_schema,
)

from recsys_cli.errors import NotFound, RecsysError
from recsys_cli.spelling import nearest
from recsys_cli.visible import quoted

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def spec_name(cls: type) -> str:
    """Return the name of ``cls`` in a spec: the stem of its file, ``_`` written ``-``."""
    return cls.__module__.rpartition(".")[2].replace("_", "-")


class Config(BaseModel):
    """The parameters of one component: frozen and strict, each field documented below itself."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    @classmethod
    def component_name(cls) -> str:
        """Return the spec name of the component that these parameters belong to."""
        return spec_name(cls)

    def describe(self) -> dict[str, Any]:
        """Return the component as a spec writes it: its name, then every parameter."""
        return {"name": self.component_name(), **self.model_dump(mode="json")}


C = TypeVar("C", bound=Config)


class Component(Generic[C]):
    """Base of what a spec can name; ``class ALS(Model[ALSConfig])`` declares the config once."""

    Config: ClassVar[type[Config]] = Config
    config: C

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in cls.__dict__.get("__orig_bases__", ()):
            for arg in get_args(base):
                if isinstance(arg, type) and issubclass(arg, Config):
                    cls.Config = arg

    def __init__(self, config: C | None = None, **parameters: Any) -> None:
        self.config = config if config is not None else self.Config(**parameters)  # type: ignore[assignment]

    @classmethod
    def spec_name(cls) -> str:
        """Return the name that a spec uses: the stem of the file, ``_`` written ``-``."""
        return spec_name(cls)


B = TypeVar("B", bound=Component[Any])


class Registry(Generic[B]):
    """The entries of one folder, listed without importing them and imported one at a time.

    Parameters
    ----------
    package : str
        The folder as a dotted name, which is also the entry-point group of third parties.
    base : str
        Name of the base class in ``package._base``; an entry file holds exactly one subclass of it.
    noun : str
        What an entry is called in messages.
    """

    def __init__(self, package: str, base: str, noun: str) -> None:
        self.package = package
        self.noun = noun
        self._base_name = base

    @cached_property
    def base(self) -> type[B]:
        """The class that every entry derives from."""
        base: type[B] = getattr(importlib.import_module(f"{self.package}._base"), self._base_name)
        return base

    @cached_property
    def _foreign(self) -> dict[str, EntryPoint]:
        from importlib.metadata import entry_points

        return {point.name: point for point in entry_points(group=self.package)}

    def names(self) -> list[str]:
        """Return the spec names, sorted, importing none of them."""
        return sorted(self._own | set(self._foreign))

    @cached_property
    def _own(self) -> set[str]:
        folder = Path(__file__).parent / self.package.rpartition(".")[2]
        own = (module.name for module in pkgutil.iter_modules([str(folder)]))
        return {name.replace("_", "-") for name in own if not name.startswith("_")}

    def get(self, name: str) -> type[B]:
        """Import one entry and return its class.

        Raises
        ------
        NotFound
            If there is no entry of that name; the message suggests the nearest.
        """
        # Ours first: to know the others, all installed packages are looked through.
        if name not in self._own:
            if name not in self._foreign:
                raise NotFound(self.unknown(name))
            found: type[B] = self._foreign[name].load()
            return found
        module = importlib.import_module(f"{self.package}.{name.replace('-', '_')}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, self.base)
            and value.__module__ == module.__name__
        ]
        if len(classes) != 1:
            raise TypeError(f"{module.__name__} must hold exactly one {self._base_name}")
        return classes[0]

    def unknown(self, name: str) -> str:
        """Return the sentence for a name that no entry has."""
        near = nearest(name, self.names())
        if near:
            return f'unknown {self.noun} {quoted(name)}; did you mean "{near}"?'
        return f"unknown {self.noun} {quoted(name)}; known: {', '.join(self.names())}"

    def create(self, config: Config) -> B:
        """Return the component that a config belongs to."""
        return self.get(config.component_name())(config)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())


@dataclass(frozen=True)
class Named:
    """Marks a Config field as a block that names a component: ``Annotated[Base, Named(REGISTRY)]``.

    Such a field, or an item of a list of them, reads ``{name: …, parameters}`` into that
    component's Config, and is written the same way. Entries may so be made of other entries.
    """

    registry: Registry[Any]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            self._read,
            core_schema.is_instance_schema(source),
            serialization=core_schema.plain_serializer_function_ser_schema(Config.describe),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"type": "object", "component": self.registry.noun}

    def _read(self, block: Any) -> Any:
        if isinstance(block, Config):
            return block
        if not isinstance(block, dict):
            raise PydanticKnownError("model_type", {"class_name": self.registry.noun})
        config = self._config(block)
        # As JSON: a list may be a tuple and a string a path, as in what ``describe`` writes.
        return config.model_validate_json(
            json.dumps({key: value for key, value in block.items() if key != "name"})
        )

    def _config(self, block: dict[str, Any]) -> type[Config]:
        problem: str | PydanticCustomError
        if "name" not in block:
            problem = "missing"
        elif not isinstance(block["name"], str):
            problem = "string_type"
        else:
            try:
                config: type[Config] = self.registry.get(block["name"]).Config
                return config
            except NotFound as error:
                problem = refusal(error)
        details = InitErrorDetails(type=problem, loc=("name",), input=block.get("name"))
        raise ValidationError.from_exception_data(self.registry.noun, [details])


def refusal(error: RecsysError) -> PydanticCustomError:
    """Return an error of ours as a validator raises it."""
    return PydanticCustomError("recsys", "{message}", {"message": error.message})
