"""Defines Petri's settings, as data that the documentation and `petri verify` read too."""

from __future__ import annotations

from functools import partial

from .recruiter_settings import RECRUITER_SETTINGS
from .setting import UNSET, Setting
from .validation import above, at_least, at_most, between, dollars, json_list, matching, one_of

__all__ = ["KNOWN_SETTINGS", "UNSET", "Setting", "ignored_setting"]

_EMAIL = matching(r"[^@\s]+@[^@\s]+", "an e-mail address such as lab@example.org")
_HOST_AND_PORT = matching(r"[^:\s]+(:[0-9]{1,5})?", "a host name, or host:port such as smtp.example.org:587")
_SHARES = matching(
    r"\s*[\w-]+\s*:\s*[0-9]+\s*(,\s*[\w-]+\s*:\s*[0-9]+\s*)*,?\s*",
    "names and numbers such as mturk: 5, bots: 5",
)
_LANGUAGE = matching(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", "a language code such as en or pt-BR")
_CURRENCY = matching(r"[A-Z]{3}", "a currency's code of three capital letters such as EUR")
_HIGHEST_PORT = 65535
#: The maximum of `question_max_length`.
LONGEST_ANSWER = 40_000
_WHY_NO_LONGER_ANSWER = (
    "90 answers are stored together, and AWS stores at most 4 MB together; post longer texts as infos"
)


def _providers(text: str) -> None:
    """Validate `oidc_providers`."""
    if text.strip():
        # Lazy import: few runs have providers, and each cold start imports this module.
        from .openid_settings import check_providers

        check_providers(text)


def _platforms(text: str) -> None:
    """Validate `lti_platforms`."""
    if text.strip():
        from .lti_settings import check_platforms

        check_platforms(text)


def _client_secrets(text: str) -> None:
    """Validate `oidc_client_secrets`."""
    # Lazy import: few runs have providers, and each cold start imports this module.
    from .openid_settings import check_secrets

    check_secrets(text)


_general = partial(Setting, group="General")
_access = partial(Setting, group="Access")
_sign_in = partial(Setting, group="Sign-in")
_recruitment = partial(Setting, group="Recruitment")
_mturk = partial(Setting, group="Mechanical Turk")
_mail = partial(Setting, group="Mail")
_deployment = partial(Setting, group="Deployment")
_machine = partial(Setting, group="This machine")
_sharing = partial(Setting, group="Sharing")
_ignored = partial(
    Setting, type=str, meaning="Has no effect on this platform.", effective=False, group="Ignored"
)

#: Petri's own settings, in the order of the documentation
KNOWN_SETTINGS: tuple[Setting, ...] = (
    _general(
        "mode",
        str,
        "Where the run takes place: debug (this machine), sandbox (the recruiter's rehearsal) or live.",
        default="debug",
        public=True,
        validators=(one_of("debug", "sandbox", "live"),),
    ),
    _general("title", str, "The name of the study that participants see.", default="Experiment", public=True),
    _general(
        "description",
        str,
        "One or two sentences that invite participants.",
        default="A behavioural experiment.",
        public=True,
    ),
    _general(
        "keywords",
        str,
        "Comma-separated words by which participants find the study.",
        default="psychology",
        public=True,
    ),
    _general(
        "language",
        str,
        "The language of the pages, as a code such as en.",
        default="en",
        public=True,
        validators=(_LANGUAGE,),
    ),
    _general(
        "num_participants",
        int,
        "The number of participants that the experiment needs; your code decides how to use it.",
        public=True,
        validators=(at_least(1),),
    ),
    _general(
        "duration",
        float,
        "Hours that a participant has from accepting the study to finishing it.",
        default=1.0,
        public=True,
        validators=(above(0),),
    ),
    _general(
        "base_payment",
        float,
        "US dollars that are paid to each participant who finishes.",
        default=0.0,
        public=True,
        validators=(dollars,),
    ),
    _general(
        "question_max_length",
        int,
        "The maximum length of an answer to a question, in characters; at most 40,000.",
        default=1000,
        public=True,
        validators=(at_least(1), at_most(LONGEST_ANSWER, _WHY_NO_LONGER_ANSWER)),
    ),
    _general(
        "busy_timeout",
        float,
        "Minutes that a participant waits for the participant ahead before being released and paid.",
        default=10.0,
        public=True,
        validators=(above(0),),
    ),
    _general(
        "timer_limit",
        int,
        "How many timers that other timers have set can run per minute; further ones are delayed.",
        default=6000,
        validators=(at_least(1),),
    ),
    _general(
        "message_poll_seconds",
        int,
        "How often an open page without a socket asks for messages of the operator; 0 for never.",
        default=60,
        validators=(at_least(0),),
    ),
    _general("run_seed", int, "The seed of all random draws: the same seed gives the same run."),
    _general("logfile", str, "The file to which logs are written; - is the terminal.", default="-"),
    _general(
        "loglevel",
        str,
        "How much is logged: 0 (everything) to 4 (errors only).",
        default="0",
        validators=(matching("[0-4]", "a number from 0 to 4"),),
    ),
    _general("whimsical", bool, "Whether notices to the operator may be light in tone.", default=True),
    _general(
        "sessions_at_once",
        bool,
        "Whether the later sessions of a study open at once, to try them; in debug mode only.",
        default=False,
    ),
    _general(
        "live_bot_check",
        bool,
        "Whether the form of a live session refuses programs that fill it in at once.",
        default=False,
    ),
    _general(
        "assets_quota_mb",
        int,
        "The space for assets that are uploaded on the dashboard, in megabytes.",
        default=1000,
        validators=(between(0, 1_000_000),),
    ),
    _general(
        "library_quota_mb",
        int,
        "The space for studies in the library of the dashboard, in megabytes.",
        default=1000,
        validators=(between(0, 1_000_000),),
    ),
    _access(
        "dashboard_user",
        str,
        "The operator's user name at the sign-in page, if dashboard_password is set.",
        default="admin",
        personal=True,
    ),
    _access(
        "dashboard_password",
        str,
        "The operator's password at the sign-in page, at least 12 characters; without one, links sign in.",
        sensitive=True,
    ),
    _access(
        "require_participant_token",
        bool,
        "Whether participants' requests must have their token; can be turned off in debug mode only.",
        default=True,
    ),
    _access(
        "protected_routes",
        str,
        "A JSON list of addresses that only the operator may call.",
        default="[]",
        validators=(json_list,),
    ),
    _sign_in(
        "oidc_providers",
        str,
        "The organisations whose accounts sign in to the dashboard, as a JSON object (docs/sign-in.md).",
        default="",
        validators=(_providers,),
    ),
    _sign_in(
        "oidc_client_secrets",
        str,
        'The secrets that these organisations gave you, as a JSON object: {"university": "..."}.',
        sensitive=True,
        validators=(_client_secrets,),
    ),
    _sign_in("passkeys", bool, "Whether users can sign in to the dashboard with passkeys.", default=False),
    _sign_in(
        "is_lab",
        bool,
        "Whether this app is a lab; `petri lab` sets it, and no experiment does.",
        default=False,
    ),
    _sign_in(
        "lab_sign_in",
        bool,
        "Whether a deployed app can be added to a lab, which then signs its users in.",
        default=False,
    ),
    _sign_in(
        "lti_platforms",
        str,
        "The learning platforms that open the study for their students, as a JSON object (docs/lti.md).",
        default="",
        validators=(_platforms,),
    ),
    _recruitment(
        "recruiter",
        str,
        "The recruiter: hotair, cli, bots, multi, link, mturk or prolific.",
        default="hotair",
        public=True,
    ),
    _recruitment(
        "recruiters",
        str,
        "With recruiter = multi: names and numbers such as mturk: 5, bots: 5.",
        validators=(_SHARES,),
    ),
    _recruitment("auto_recruit", bool, "Whether a completion recruits the next participant.", default=True),
    _recruitment(
        "lifetime",
        int,
        "Hours that the study stays visible to new participants.",
        default=24,
        public=True,
        validators=(at_least(1),),
    ),
    _recruitment(
        "allow_repeat_worker_ids",
        bool,
        "Whether the same person may take part more than once.",
        default=False,
    ),
    _recruitment(
        "browser_exclude_rule",
        str,
        "Comma-separated browsers and devices that can't take part.",
        default="",
        public=True,
    ),
    _recruitment(
        "ad_window",
        str,
        "Where the study opens: same (the ad's window) or popup; by default popup on Mechanical Turk only.",
        public=True,
        validators=(one_of("same", "popup"),),
    ),
    _recruitment(
        "currency",
        str,
        "The currency of all amounts, such as EUR, where neither Mechanical Turk nor Prolific pays.",
        public=True,
        validators=(_CURRENCY,),
    ),
    _recruitment(
        "max_bonus",
        float,
        "The largest bonus in US dollars: it is reserved for each place, and a larger bonus is refused.",
        validators=(dollars,),
    ),
    _recruitment(
        "points_per_dollar",
        float,
        "How many points of a study are worth one US dollar; 0: points aren't paid.",
        default=0.0,
    ),
    _recruitment(
        "screen_out_payment",
        float,
        "US dollars that are paid to a participant who is screened out.",
        default=0.0,
        validators=(dollars,),
    ),
    _recruitment(
        "hard_cap",
        float,
        "US dollars that the run may cost: above that, no places open, and bonuses and later sessions wait "
        "for approval.",
        validators=(dollars,),
    ),
    _recruitment(
        "soft_cap",
        float,
        "US dollars above which you are notified once.",
        validators=(dollars,),
    ),
    _recruitment(
        "min_hourly_pay",
        float,
        "US dollars an hour, including waiting, below which `petri summary` warns you.",
        validators=(dollars,),
    ),
    _recruitment(
        "disable_when_duration_exceeded",
        bool,
        "Whether recruitment ends when a participant takes longer than `duration`.",
        default=True,
    ),
    _mturk(
        "aws_access_key_id",
        str,
        "The requester's access key; its account may differ from the one you deploy to.",
        sensitive=True,
    ),
    _mturk("aws_secret_access_key", str, "The secret key for that access key.", sensitive=True),
    _mturk(
        "aws_region",
        str,
        "The AWS region to work in.",
        default="us-east-1",
        validators=(matching(r"[a-z]{2}(-[a-z]+)+-[0-9]", "an AWS region such as us-east-1"),),
    ),
    _mturk("us_only", bool, "Whether only workers in the United States may take part.", default=False),
    _mturk(
        "approve_requirement",
        int,
        "The percentage of a worker's past work that must have been approved.",
        default=95,
        validators=(between(1, 100),),
    ),
    _mturk(
        "assign_qualifications",
        bool,
        "Whether workers who finish get qualifications by which later studies can exclude them.",
        default=False,
    ),
    _mturk("group_name", str, "The qualification that workers who finish get."),
    _mturk(
        "mturk_qualification_blocklist",
        str,
        "Comma-separated qualifications that exclude a worker from the study.",
        default="",
        synonyms=("qualification_blacklist",),
    ),
    _mturk(
        "mturk_qualification_requirements",
        str,
        "A JSON list of requirements that is passed to Mechanical Turk.",
        default="[]",
        validators=(json_list,),
    ),
    *RECRUITER_SETTINGS,
    _mail(
        "mailer",
        str,
        "How notices to you are sent: smtp, ses (Amazon SES) or log. In debug mode they are only logged.",
        default="smtp",
        validators=(one_of("smtp", "ses", "log"),),
    ),
    _mail(
        "contact_email_on_error",
        str,
        "The address that gets notices of errors and to which participants can write.",
        public=True,
        personal=True,
        validators=(_EMAIL,),
    ),
    _mail(
        "dallinger_email_address",
        str,
        "The address from which notices are sent.",
        personal=True,
        validators=(_EMAIL,),
    ),
    _mail(
        "smtp_host",
        str,
        "The mail server as host:port.",
        default="smtp.gmail.com:587",
        validators=(_HOST_AND_PORT,),
    ),
    _mail("smtp_username", str, "The user name at the mail server.", personal=True),
    _mail("smtp_password", str, "The password at the mail server.", sensitive=True),
    _deployment(
        "lambda_files",
        str,
        "Patterns of other files than text and data that your code reads: static/images/*.png, data/*.csv.",
        default="",
    ),
    _deployment(
        "audit_retention_days",
        int,
        "The days for which a live app's seals of the audit log can't be deleted by anyone.",
        default=365,
        validators=(between(1, 3650),),
    ),
    _machine("host", str, "The address on which the local host listens.", default="127.0.0.1"),
    _machine(
        "port",
        int,
        "The port on which the local host listens; 0 selects a free one.",
        default=5000,
        validators=(between(0, _HIGHEST_PORT),),
    ),
    _machine(
        "webdriver_type",
        str,
        "The browser that browser bots use.",
        default="chrome",
        validators=(one_of("chrome", "chrome_headless", "firefox", "firefox_headless"),),
    ),
    _machine("webdriver_url", str, "The Selenium server that browser bots use; by default a local browser."),
    _sharing(
        "osf_access_token",
        str,
        "The token with which the run is registered at the Open Science Framework.",
        sensitive=True,
    ),
    _sharing(
        "enable_global_experiment_registry",
        bool,
        "Not supported: there is no registry that all laboratories share.",
        default=False,
    ),
    # Both can contain a password.
    _ignored("database_url", sensitive=True),
    _ignored("heroku_auth_token", sensitive=True),
    _ignored("ad_group"),
    _ignored("clock_on"),
    _ignored("database_size"),
    _ignored("dyno_type"),
    _ignored("dyno_type_web"),
    _ignored("dyno_type_worker"),
    _ignored("heroku_python_version"),
    _ignored("heroku_team"),
    _ignored("num_dynos_web"),
    _ignored("num_dynos_worker"),
    _ignored("organization_name"),
    _ignored("redis_size"),
    _ignored("threads"),
    _ignored("worker_multiplier"),
)

_IGNORED_PREFIXES = ("heroku_", "num_dynos_", "dyno_type_")


def ignored_setting(name: str) -> Setting | None:
    """Return the setting if it is one of another platform's servers, whatever its case."""
    return _ignored(name, sensitive=True) if name.startswith(_IGNORED_PREFIXES) else None
