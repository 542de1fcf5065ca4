"""Registers settings: Petri's own and those of an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.errors import ConfigError

from .known_settings import KNOWN_SETTINGS, UNSET, Setting, ignored_setting
from .problems import closest_match
from .validation import TYPES

#: an author's setting is treated as sensitive if its name contains one of these words or ends with the last
_SECRET_WORDS = ("password", "secret", "access_key", "api_key", "private_key")
_SECRET_END = "token"  # noqa: S105 - part of a name


class SettingRegistry:
    """The known settings, by name and by synonym."""

    def __init__(self) -> None:
        self._keys: dict[str, Setting] = {}
        self._names: dict[str, str] = {}
        for key in KNOWN_SETTINGS:
            self._put(key)

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._keys.values())

    def find(self, name: str) -> Setting | None:
        """Return the setting with this name or synonym, if it is known; the case is ignored."""
        owner = self._names.get(name.lower())
        return self._keys[owner] if owner is not None else ignored_setting(name.lower())

    def fix_for(self, name: str) -> str:
        """Return a sentence that says how to fix an unknown name."""
        near = closest_match(name.lower(), self._names)
        guess = f"Did you mean '{near}'? " if near else ""
        return f"{guess}Register settings of your own in extra_parameters()."

    def add(self, key: Setting) -> None:
        """Register a setting of an author; a setting of Petri keeps its meaning.

        Raises ConfigError when the type isn't supported or differs from the registered one, or when a
        synonym belongs to another setting.
        """
        if key.type not in TYPES:
            raise ConfigError(
                f"The setting '{key.name}' can't be of type {key.type!r}; use str, int, float or bool."
            )
        known = self._keys.get(self._names.get(key.name, key.name))
        key = _merged(known, key) if known is not None and known.effective else _guarded(key)
        for synonym in key.synonyms:
            self._check_free(synonym, key)
        self._put(key)

    def _check_free(self, synonym: str, key: Setting) -> None:
        owner = self._names.get(synonym.lower())
        if owner is not None and owner != key.name:
            raise ConfigError(
                f"'{synonym}' can't be a synonym of '{key.name}', "
                f"because it belongs to '{owner}'; choose another."
            )

    def _put(self, key: Setting) -> None:
        self._keys[key.name] = key
        for name in (key.name, *key.synonyms):
            self._names[name.lower()] = key.name


def _merged(known: Setting, new: Setting) -> Setting:
    if known.type is not new.type:
        raise ConfigError(
            f"The setting '{new.name}' exists already and is of type {known.type.__name__}, "
            f"not {new.type.__name__}; register yours under another name."
        )
    return replace(
        known,
        synonyms=tuple(dict.fromkeys((*known.synonyms, *new.synonyms))),
        sensitive=known.sensitive or new.sensitive,
        personal=known.personal or new.personal,
        validators=tuple(dict.fromkeys((*known.validators, *new.validators))),
        default=known.default if new.default is UNSET else new.default,
    )


def _guarded(key: Setting) -> Setting:
    return replace(key, sensitive=True) if _sounds_secret(key.name) else key


def _sounds_secret(name: str) -> bool:
    folded = name.lower()
    return folded.endswith(_SECRET_END) or any(word in folded for word in _SECRET_WORDS)


def names_secret(name: str) -> bool:
    """Whether a setting of this name is secret: one of Petri's, or one that an author could register."""
    known = SettingRegistry().find(name)
    return known.sensitive if known is not None and known.effective else _sounds_secret(name)
