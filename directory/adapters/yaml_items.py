"""Reviewed data in YAML, read so that each complaint names file and line.

Knows nothing of the directory's words: it hands out typed fields of one mapping at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml

from kernel.errors import ConfigurationError

E = TypeVar("E", bound=StrEnum)
_STR, _INT, _FLOAT, _BOOL = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool")
)


class Item:
    """One mapping of a file. Every field must be asked for before `finish`."""

    def __init__(self, file: Path, node: yaml.MappingNode) -> None:
        self._file = file
        self._node = node
        self._fields: dict[str, yaml.Node] = {}
        self._asked: set[str] = set()
        for key, value in node.value:
            if key.value in self._fields:
                fail(file, key, f"字段“{key.value}”重复")
            self._fields[key.value] = value

    @property
    def line(self) -> int:
        return int(self._node.start_mark.line) + 1

    def wrong(self, message: str, key: str | None = None) -> NoReturn:
        """Raises ConfigurationError at this field, or at the beginning of the item."""
        fail(self._file, self._fields.get(key or "", self._node), message)

    def has(self, key: str) -> bool:
        return key in self._fields

    def text(self, key: str) -> str:
        value = self._scalar(key, _STR, "文字（数字请加引号）").strip()
        return value or self.wrong(f"字段“{key}”为空", key)

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def integer(self, key: str, least: int = 0, most: int = 1_000_000) -> int:
        return self._within(key, int(self._scalar(key, _INT, "整数")), least, most)

    def fraction(self, key: str) -> float:
        node = self._take(key)
        if not isinstance(node, yaml.ScalarNode) or node.tag not in (_INT, _FLOAT):
            self.wrong(f"字段“{key}”应为 0 到 1 的数", key)
        value = float(node.value)
        return value if 0 <= value <= 1 else self.wrong(f"字段“{key}”应在 0 到 1 之间", key)

    def flag(self, key: str) -> bool:
        """False when absent."""
        return self.has(key) and self._scalar(key, _BOOL, "true 或 false") == "true"

    def choice(self, key: str, options: type[E]) -> E:
        return self._option(self._take(key), key, options)

    def choices(self, key: str, options: type[E]) -> tuple[E, ...]:
        return tuple(self._option(node, key, options) for node in self._sequence(key))

    def texts(self, key: str) -> tuple[str, ...]:
        nodes = self._sequence(key)
        if any(not isinstance(n, yaml.ScalarNode) or n.tag != _STR for n in nodes):
            self.wrong(f"字段“{key}”应为文字列表", key)
        return tuple(n.value for n in nodes)

    def integers(self, key: str, least: int = 0, most: int = 1_000_000) -> tuple[int, ...]:
        nodes = self._sequence(key)
        if not nodes or any(not isinstance(n, yaml.ScalarNode) or n.tag != _INT for n in nodes):
            self.wrong(f"字段“{key}”应为整数列表", key)
        return tuple(self._within(key, int(n.value), least, most) for n in nodes)

    def item(self, key: str) -> Item:
        node = self._take(key)
        if not isinstance(node, yaml.MappingNode):
            self.wrong(f"字段“{key}”应为一组字段", key)
        return Item(self._file, node)

    def items(self, key: str) -> Iterator[Item]:
        """Each mapping of a list, `finish`ed for the reader when the next one is asked for."""
        for node in self._sequence(key):
            if not isinstance(node, yaml.MappingNode):
                fail(self._file, node, f"“{key}”的每一项应为一组字段")
            item = Item(self._file, node)
            yield item
            item.finish()

    def finish(self) -> None:
        """Raises ConfigurationError when a field was never asked for (a misspelt name)."""
        for key in self._fields.keys() - self._asked:
            self.wrong(f"未知字段“{key}”", key)

    def _take(self, key: str) -> yaml.Node:
        self._asked.add(key)
        if key not in self._fields:
            self.wrong(f"缺少字段“{key}”")
        return self._fields[key]

    def _scalar(self, key: str, tag: str, wanted: str) -> str:
        node = self._take(key)
        if not isinstance(node, yaml.ScalarNode) or node.tag != tag:
            self.wrong(f"字段“{key}”应为{wanted}", key)
        return str(node.value)

    def _sequence(self, key: str) -> list[yaml.Node]:
        node = self._take(key)
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(f"字段“{key}”应为列表", key)
        return list(node.value)

    def _option(self, node: yaml.Node, key: str, options: type[E]) -> E:
        try:
            return options(node.value)
        except ValueError:
            self.wrong(f"字段“{key}”的取值应为：{'、'.join(options)}", key)

    def _within(self, key: str, value: int, least: int, most: int) -> int:
        if not least <= value <= most:
            self.wrong(f"字段“{key}”应在 {least} 到 {most} 之间", key)
        return value


def read(file: Path) -> Item:
    """The file's outermost mapping. Raises ConfigurationError for anything else."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError(f"{file}：无法读取（{error.strerror}）") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}：不是 UTF-8 编码") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{file}:{line}：YAML 格式有误（{error.problem}）") from error
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(f"{file}:1：文件应为一组字段")
    return Item(file, node)


def fail(file: Path, node: yaml.Node, message: str) -> NoReturn:
    raise ConfigurationError(f"{file}:{node.start_mark.line + 1}：{message}")
