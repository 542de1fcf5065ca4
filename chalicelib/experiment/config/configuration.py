"""Loads the settings of an experiment: `config = get_config()`, then `config.get("base_payment")`.

Values are looked up in these sources, in order of precedence:

1. arguments of this run (`experiment.run(base_payment=1.0)`, `config.set`)
2. environment variables that are named exactly like a setting
3. `config.txt` in the experiment's folder
4. `~/.petriconfig`
5. `~/.dallingerconfig`
6. the experiment's `config_defaults()`
7. Petri's own defaults (`config_keys.py` lists every setting with its meaning)
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from chalicelib.errors import ConfigError

from .known_settings import UNSET, Setting
from .problems import MissingSettingError, SettingsError, SettingsProblem
from .run_settings import RunSettings
from .setting_origin import DEFAULT_ORIGIN, SettingLayer, SettingOrigin, SettingState, read_staged_origins
from .setting_registry import SettingRegistry
from .sources import SettingsSource, from_environment, from_file, from_mapping
from .validation import Validator, in_range

logger = logging.getLogger(__name__)


class Configuration:
    """The settings of the experiment that this process serves."""

    #: problems of the last load that are only reported, by `petri verify`
    notes: list[SettingsProblem]
    #: whether settings have been loaded; they can't be read before
    ready: bool

    def __init__(self) -> None:
        self.reset()

    def __repr__(self) -> str:
        return f"<Configuration {'ready' if self.ready else 'not loaded'}>"

    def reset(self) -> None:
        """Remove all values and all settings that an experiment registered."""
        self._registry = SettingRegistry()
        self._given: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._files: dict[str, Path] = {}
        self._sources: list[SettingsSource] = []
        self._folder: Path | None = None
        #: Built when it is first read, and again after a setting has changed.
        self._run_settings: RunSettings | None = None
        self._later: list[tuple[Callable[[str], bool], Callable[[], Mapping[str, Any]]]] = []
        self.notes = []
        self.ready = False

    @contextmanager
    def unchanged_on_error(self) -> Iterator[None]:
        """Restore all settings when the with block, which loads others, fails."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def register(
        self,
        key: str,
        type: type,
        synonyms: Iterable[str] = (),
        sensitive: bool = False,
        validators: Iterable[Validator] | None = None,
        *,
        personal: bool = False,
        default: Any = UNSET,
        minimum: float | None = None,
        maximum: float | None = None,
    ) -> None:
        """Register a setting, so that config.txt and the environment can set it.

        A setting that is registered already can be registered again with the same type.

        Args:
            key: The name of the setting.
            type: str, int, float or bool.
            synonyms: Other names of the setting.
            sensitive: Whether it is secret: never shown, logged or packaged.
            validators: Functions that get the typed value and raise ValueError("must be ...") to refuse it.
            personal: Whether it identifies people (names, addresses, lists of ids), so that it is left out of
                scrubbed exports.
            default: The value where no file and no variable sets one.
            minimum: The smallest value of a number.
            maximum: The largest value of a number.

        Raises:
            ConfigError: The type isn't supported or differs from the registered one, or a synonym belongs to
                another setting.

        """
        self._registry.add(
            Setting(
                name=key,
                type=type,
                meaning="A setting of this experiment.",
                synonyms=tuple(synonyms),
                sensitive=sensitive,
                personal=personal,
                public=not sensitive,
                validators=(*in_range(minimum, maximum), *(validators or ())),
                default=default,
            )
        )

    def get(self, key: str, default: Any = UNSET) -> Any:
        """Return the value of a setting.

        Args:
            key: The name of the setting.
            default: The value for a setting that has neither a value nor a default of its own.

        Returns:
            The value.

        Raises:
            ConfigError: The setting isn't registered or has no value, and no `default` was passed; or the
                settings aren't loaded yet.

        """
        if not self.ready:
            raise ConfigError(
                f"The settings aren't loaded yet, so '{key}' can't be read; "
                "read it in your experiment's configure(), not while experiment.py is imported."
            )
        if self._later:
            self._read_secrets_for(key)
        value = self._values.get(key, UNSET)
        if value is not UNSET:
            return value
        if default is not UNSET and self._registry.find(key) is None:
            return default
        known = self._known(key)
        value = self._values.get(known.name, known.default)
        if value is not UNSET:
            return value
        if default is not UNSET:
            return default
        raise MissingSettingError(
            f"'{known.name}' is not set; set it in config.txt, or give a default: config.get('{key}', ...)."
        )

    @property
    def run_settings(self) -> RunSettings:
        """Petri's own settings as typed attributes."""
        settings = self._run_settings
        if settings is None:
            settings = self._run_settings = RunSettings.build(self)
        return settings

    def money(self, key: str) -> Decimal:
        """Return an amount of US dollars exactly.

        Args:
            key: The name of the setting.

        Returns:
            The amount as a Decimal.

        Raises:
            ConfigError: The setting isn't registered or has no value; or the settings aren't loaded yet.

        """
        return Decimal(str(self.get(key)))

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def __contains__(self, key: str) -> bool:
        known = self._registry.find(key)
        if known is None:
            return False
        self._read_secrets_for(key)
        return known.default is not UNSET or known.name in self._values

    def set(self, key: str, value: Any) -> None:
        """Set a value for this run, which takes precedence over all files.

        Args:
            key: The name of the setting.
            value: The value.

        Raises:
            ConfigError: The setting isn't registered, or the value is invalid.

        """
        self.extend({key: value})

    def extend(self, values: Mapping[str, Any]) -> None:
        """Set several values for this run; when one is invalid, none is set.

        Args:
            values: Values by the names of settings.

        Raises:
            ConfigError: A setting isn't registered, or a value is invalid.

        """
        layer = from_mapping(values, self._registry, SettingLayer.RUN)
        if layer.problems:
            raise SettingsError(layer.problems)
        self._given.update(layer.values)
        self._values.update(layer.values)
        self._run_settings = None

    def extend_lazily(self, holds: Callable[[str], bool], read: Callable[[], Mapping[str, Any]]) -> None:
        """Load the values of sensitive settings lazily, when the first of them is read.

        Args:
            holds: Returns whether `read` has the value of the setting with a name.
            read: Returns the values by name.

        """
        self._later.append((holds, read))

    def _read_secrets_for(self, key: str | None = None) -> None:
        """Load the sensitive values that include this setting's, once; None: load all."""
        known = None if key is None or not self._later else self._registry.find(key)
        if not self._later or (key is not None and (known is None or not known.sensitive)):
            return
        for source in list(self._later):
            holds, read = source
            if known is None or holds(known.name):
                self.extend(read())
                self._later.remove(source)

    def as_dict(self, *, include_sensitive: bool = False) -> dict[str, Any]:
        """Return all settings that have a value.

        Args:
            include_sensitive: Whether to include sensitive settings.

        Returns:
            Values by name.

        """
        if include_sensitive:
            self._read_secrets_for()
        keys = (key for key in self._registry if include_sensitive or not key.sensitive)
        return {key.name: self.get(key.name) for key in keys if key.name in self}

    def given(self, *, sensitive: bool = False) -> dict[str, Any]:
        """Return the settings that have a value of their own, other than the default.

        Args:
            sensitive: Whether to return the sensitive settings, instead of the others.

        Returns:
            Values by name.

        """
        if sensitive:
            self._read_secrets_for()
        keys = (key for key in self._registry if key.effective and key.sensitive == sensitive)
        return {key.name: self._values[key.name] for key in keys if key.name in self._values}

    def states(self) -> list[SettingState]:
        """Return every setting with its value and where that comes from; secret ones without their values.

        No secret is read for this: a deployed app knows from its package which secret settings are set.

        Returns:
            The settings in the order of the documentation; those without effect only if they are set.

        """
        staged = read_staged_origins(self._folder)
        shown = (key for key in self._registry if key.effective or key.name in self._values)
        return [self._state(key, staged) for key in shown]

    def _state(self, key: Setting, staged: Mapping[str, SettingOrigin]) -> SettingState:
        is_set = key.name in self._values or (key.sensitive and key.name in staged)
        origin = self._origin_of(key.name, staged) if is_set else DEFAULT_ORIGIN
        value = None if key.sensitive else self._values.get(key.name, key.default)
        return SettingState(key, None if value is UNSET else value, origin, is_set=is_set)

    def origins(self) -> dict[str, SettingOrigin]:
        """Return where the values of all settings that have one of their own come from.

        Returns:
            The origins by the name of the setting.

        """
        return {name: self._origin_of(name, {}) for name in self._values}

    def _origin_of(self, name: str, staged: Mapping[str, SettingOrigin]) -> SettingOrigin:
        source = next((layer for layer in self._sources if name in layer.values), None)
        found = SettingOrigin(SettingLayer.RUN) if source is None else source.origin_of(name)
        # A deployed app has a config.txt that staging wrote, and its mode from its stage.
        is_staged = found.layer in (SettingLayer.CONFIG_FILE, SettingLayer.RUN)
        return staged.get(name, found) if is_staged else found

    def personal(self) -> list[str]:
        """Return the names of the settings that identify participants or researchers.

        Returns:
            The names, sorted.

        """
        return sorted(key.name for key in self._registry if key.personal)

    def personal_files(self) -> list[Path]:
        """Return the files that personal settings were read from (`link_workers = file:pool.txt`).

        Returns:
            The paths.

        """
        return [self._files[name] for name in self.personal() if name in self._files]

    def public(self) -> dict[str, Any]:
        """Return the settings that are available to templates and pages.

        Returns:
            Values by name.

        """
        keys = (key for key in self._registry if key.public and not key.sensitive)
        return {key.name: self.get(key.name) for key in keys if key.name in self}

    def load_for(
        self,
        folder: Path,
        runtime: Mapping[str, Any] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        home: Path | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Load the settings of the experiment in `folder`.

        Args:
            folder: The experiment's folder.
            runtime: The arguments of this run.
            environ: The environment; by default the process's.
            home: The folder with .petriconfig and .dallingerconfig.
            defaults: The experiment's `config_defaults()`.

        Raises:
            ConfigError: Settings are invalid; the error lists all problems of all sources, and the settings
                don't change.

        """
        registry = self._registry
        sources = [
            from_mapping({**self._given, **(runtime or {})}, registry, SettingLayer.RUN),
            from_environment(os.environ if environ is None else environ, registry, folder),
            *_file_sources(folder, _home() if home is None else home, registry),
            from_mapping(defaults or {}, registry, SettingLayer.CODE),
        ]
        problems = [problem for layer in sources for problem in layer.problems]
        if problems := [*problems, *_conflicting_settings(sources)]:
            raise SettingsError(problems)
        self._given = sources[0].values
        self._values = {name: value for layer in reversed(sources) for name, value in layer.values.items()}
        self._files = _files_of(sources)
        self._sources, self._folder = sources, folder
        self._run_settings = None
        self.ready = True
        self.notes = [*_ignored_settings_note(sources), *(note for layer in sources for note in layer.notes)]
        for note in self.notes:
            logger.warning("%s", note)

    def _known(self, key: str) -> Setting:
        known = self._registry.find(key)
        if known is None:
            raise ConfigError(f"'{key}' is not a registered setting. {self._registry.fix_for(key)}")
        return known


def _conflicting_settings(sources: list[SettingsSource]) -> list[SettingsProblem]:
    """Find settings that are valid on their own but conflict with each other."""

    def first(name: str) -> tuple[Any, str]:
        found = (layer for layer in sources if name in layer.values)
        source = next(found, None)
        return (source.values[name], source.where) if source else (None, "")

    problems = []
    mode = first("mode")[0] or "debug"
    token, where = first("require_participant_token")
    if token is False and mode != "debug":
        what = f"require_participant_token is off, which is allowed in debug mode only (mode is {mode})."
        fix = "Remove it; `petri verify` names the bots and pages that send no token."
        problems.append(SettingsProblem("require_participant_token", where, None, what, fix))
    recruiter, where = first("recruiter")
    if recruiter == "multi" and not first("recruiters")[0]:
        what = "recruiter is multi, but recruiters doesn't say which ones."
        problems.append(
            SettingsProblem(
                "recruiters", where, None, what, "Add for example: recruiters = mturk: 5, bots: 5"
            )
        )
    return [*problems, *_openid_problems(first, mode), *_local_platforms(first, mode)]


def _openid_problems(first: Callable[[str], tuple[Any, str]], mode: str) -> list[SettingsProblem]:
    """Return the problems of the settings of OpenID Connect that need more than one of them to be seen."""
    (providers, where), (secrets, where_secrets) = first("oidc_providers"), first("oidc_client_secrets")
    if not providers and not secrets:
        return []
    # Lazy import: few runs have providers.
    from .openid_settings import local_issuers, unknown_secrets

    problems = []
    for name in unknown_secrets(providers or "", secrets or ""):
        what = f"oidc_client_secrets has a secret for '{name}', which oidc_providers doesn't name."
        fix = "Give the secret the name of its provider."
        problems.append(SettingsProblem("oidc_client_secrets", where_secrets, None, what, fix))
    for name in local_issuers(providers) if providers and mode != "debug" else ():
        what = f"the issuer of '{name}' is on this machine, which is allowed in debug mode only."
        fix = "Use the https address of your organisation's issuer."
        problems.append(SettingsProblem("oidc_providers", where, None, what, fix))
    return problems


def _local_platforms(first: Callable[[str], tuple[Any, str]], mode: str) -> list[SettingsProblem]:
    """Find learning platforms on this machine outside debug mode."""
    platforms, where = first("lti_platforms")
    if not platforms or mode == "debug":
        return []
    # Lazy import: few runs have platforms.
    from .lti_settings import local_platforms

    fix = "Use the https addresses of your platform."
    return [
        SettingsProblem(
            "lti_platforms",
            where,
            None,
            f"the platform '{name}' is on this machine, which is allowed in debug mode only.",
            fix,
        )
        for name in local_platforms(platforms)
    ]


def _ignored_settings_note(sources: list[SettingsSource]) -> list[SettingsProblem]:
    idle = sorted({name for layer in sources for name in layer.idle})
    if not idle:
        return []
    where = next(layer.where for layer in sources if layer.idle)
    what = f"these settings have no meaning on this platform: {', '.join(idle)}."
    return [SettingsProblem("", where, None, what, "They are ignored and can be removed.")]


def _file_sources(folder: Path, home: Path, registry: SettingRegistry) -> list[SettingsSource]:
    return [
        from_file(folder / "config.txt", registry),
        from_file(home / ".petriconfig", registry, SettingLayer.PERSONAL_FILE),
        from_file(home / ".dallingerconfig", registry, SettingLayer.PERSONAL_FILE, foreign=True),
    ]


def _files_of(sources: list[SettingsSource]) -> dict[str, Path]:
    return {
        name: path
        for layer in reversed(sources)
        for name, path in ((name, layer.files.get(name)) for name in layer.values)
        if path is not None
    }


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        # A Lambda function may have no home directory, and then it has no personal settings.
        return Path(os.devnull)


_process_wide = Configuration()


def get_config() -> Configuration:
    """Return the settings of the experiment that this process serves.

    Returns:
        The one object of this process; `get_config().get("title")` reads a setting.

    """
    return _process_wide
