"""The texts of SurveyJS, which can be in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_DEFAULT: Final = "default"


@dataclass(slots=True)
class LocalTexts:
    """Reads the texts of one question, and collects its translations as items have them."""

    #: The language of the form; "" where it names none.
    language: str
    #: Texts by language and part: {"de": {"prompt": ..., "options": {"yes": ...}}}.
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def text(self, value: Any, part: str, key: str | None = None) -> str:
        """Return a text in the form's language; others are kept as translations of a part, or of its key."""
        if not isinstance(value, Mapping):
            return "" if value is None else str(value)
        own = next((one for one in (_DEFAULT, self.language) if value.get(one)), next(iter(value), ""))
        for language, text in value.items():
            if language in (own, _DEFAULT, self.language) or not text:
                continue
            texts = self.translations.setdefault(str(language), {})
            if key is None:
                texts[part] = str(text)
            else:
                texts.setdefault(part, {})[key] = str(text)
        return str(value.get(own) or "")

    @staticmethod
    def localized(text: str, translated: Mapping[str, str]) -> Any:
        """Return a text as SurveyJS writes it: alone, or with its translations by language."""
        return {_DEFAULT: text, **translated} if translated else text
