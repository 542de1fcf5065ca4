"""Deploying an experiment, step by step; each step can be repeated, so a deploy that broke off is run again.

While an app is deployed again, people take part in it with the old pages open. Hence the order:

1. files that pages ask for, under names that change with their contents: they lie beside the old ones;
2. code and settings of the functions, and the APIs, none of which is served yet: everything calls the alias
   of a function, and a stage serves its deployment;
3. a version of each function, and then the alias of all of them and the stage at one moment: the old pages go
   on with the new API, so an API must serve the pages before it (a route that an old page calls may not go
   before those who have the page open are through);
4. pages: nobody gets a new page before the API that it needs is there;
5. files that no page asks for any more go days later.

Nothing of a run lies in what is replaced: it is all in the table, which an update leaves alone.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.export.archive import CODE
from chalicelib.messages import Lane
from chalicelib.version import VERSION
from infra.aws.account import mturk_account
from infra.aws.account.capacity import look_up as look_up_capacity
from infra.aws.account.certificates import Domain
from infra.aws.account.local_registry import AppEntry, LocalRegistry
from infra.aws.account.lock import Lock, held
from infra.aws.account.names import FUNCTIONS, Names, PriceClass
from infra.aws.account.session import Account
from infra.aws.account.steps import Progress, Step, carry_out
from infra.aws.deployed import archive_import, deployment_info
from infra.aws.deployed.deployment_info import DeploymentInfo
from infra.aws.package.package_build import build
from infra.aws.package.staging import StagedApp, stage
from infra.aws.resources import app_secrets, chalice_deploy, websocket_stage
from infra.aws.resources.chalice_deploy import Staged as Prepared
from infra.aws.resources.function_aliases import ALIAS, Aliases
from infra.aws.resources.post_deploy_settings import PostDeploySettings
from infra.aws.resources.regions import has_bucket
from infra.aws.resources.site_upload import SiteUpload, files_of, page_of
from infra.aws.resources.stack_templates import base_template, front_template, routes_of
from infra.aws.resources.stacks import Change, Stack, tags_of
from infra.importing import check_zip
from infra.packaging import lambda_python, provenance
from infra.packaging.secret_scan import check_for_secrets
from infra.packaging.sizes import sizes_of
from infra.problems import OperatorProblem

from . import launch_request, osf_registration
from .cutover import Target, cut_over
from .preflight_checks import check_settings
from .releases import Release, Releases
from .required_rights import regions_with
from .stack_previews import StackPreview, preview

AGAIN = "Until then everything goes on as it was. Run the same command again: what is done is found done."


@dataclass(frozen=True)
class DeploySpec:
    """What is to be deployed, and how."""

    folder: Path
    names: Names
    #: an export to begin with
    archive: Path | None = None
    #: who is mailed by alarms; empty: the experiment's contact_email_on_error
    alarm_email: str = ""
    #: US dollars a month that the account may spend before that address is told; 0: as many as it likes;
    #: None: as it is
    spend_limit: float | None = None
    #: whether AWS refuses to delete the table; None: as it is, at first not
    protected: bool | None = None
    #: where CloudFront answers, as CloudFront's prices call it; None: as it is, at first the cheapest
    price_class: PriceClass | None = None
    #: whether the operator's token and what signs participants' tokens are made anew
    rotate_secrets: bool = False
    #: where participants find the app; None: as it is, at first at CloudFront's own name
    domain: Domain | None = None
    #: settings that count more than any file
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Deployed:
    """Where an app is now."""

    site_url: str
    rest_url: str
    token: str = field(repr=False)
    #: what the recruiter said at the launch
    launched: str = ""


class Deployment:
    """One deploy."""

    def __init__(
        self,
        account: Account,
        order: DeploySpec,
        progress: Progress,
        *,
        launch: Callable[[str, str], str] = launch_request.launch,
        probe: Callable[[str], None] = websocket_stage.probe,
        home: LocalRegistry | None = None,
    ) -> None:
        """`launch` takes the API's address and the operator's token, `probe` the address for sockets.

        `home`: what is remembered here.
        """
        self._account = account
        self._order = order
        self._names = order.names
        self._progress = progress
        self._launch_app = launch
        self._probe_sockets = probe
        self._home = home or LocalRegistry()
        self._wiring = PostDeploySettings(account, order.names)
        self._keep = order.names.keep_bucket(account.number)
        self._site = SiteUpload(account, order.names.site_bucket(account.number), self._keep)
        self._open = ExitStack()
        self._lock: Lock | None = None
        # What a step leaves for the next ones.
        self._staged: StagedApp
        self._package: Path
        self._loaded: LoadedExperiment
        self._base: dict[str, str] = {}
        self._front: dict[str, str] = {}
        self._apis: dict[str, Any] = {}
        self._secrets: dict[str, Any] = {}
        self._version: dict[str, Any] = {}
        self._code: Path
        self._versions: dict[str, str] = {}
        self._rest_deployment = ""
        self._launched = ""

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        names, number = self._names, self._account.number
        buckets = (names.site_bucket(number), names.keep_bucket(number))
        steps = [
            Step("stage and package the experiment", self._stage),
            Step(
                "make table, queues, topics and buckets",
                self._make_base,
                (
                    f"stack {names.base_stack}",
                    f"table {names.table}",
                    f"queues {names.queue}, {names.realtime_queue}, {names.dead_queue}",
                    f"topics {names.topic}, {names.alarm_topic}",
                    f"buckets {buckets[0]}, {buckets[1]}",
                ),
            ),
            Step(
                "keep the secrets",
                self._keep_secrets,
                (f"parameters {names.secrets}, {names.vendor_secrets}",),
            ),
            Step("upload the files that pages need", self._upload_files),
            Step(
                "deploy functions and APIs with Chalice",
                self._deploy_functions,
                (
                    f"functions {', '.join(names.function(each) for each in FUNCTIONS)}",
                    "a role, a policy and a log group for each",
                    "a REST API and a WebSocket API",
                    f"rule {names.tick_rule} (off until places are open)",
                ),
            ),
            Step("connect queues and limits", self._connect),
            Step(
                "put CloudFront before it",
                self._make_front,
                (f"stack {names.front_stack}", "a CloudFront distribution", "alarms"),
            ),
            Step(
                "publish versions and serve them",
                self._publish,
                (f"a version of each function, and the alias {ALIAS}",),
            ),
            Step("note what was deployed", self._note),
        ]
        if self._order.archive is not None:
            steps.append(Step("put the archive into the table", self._populate))
        return [
            *steps,
            Step("try the sockets", self._probe),
            Step("upload the pages", self._upload_pages),
            Step("launch the experiment", self._launch),
        ]

    def run(self) -> Deployed:
        """Carry out every step; OperatorProblem names the step that failed, with reason and what to do."""
        with self._open:
            carry_out([self._guarded(step) for step in self.steps()], self._progress, AGAIN)
        return Deployed(
            self._front["SiteUrl"], self._rest_url, self._secrets[app_secrets.TOKEN], self._launched
        )

    def preview(self) -> list[StackPreview]:
        """Return what the deploy would change in the app's stacks; empty for an app that isn't there yet.

        CloudFormation creates a change set of each stack for this, which is deleted again. Raises
        OperatorProblem when it refuses an update.
        """
        base = Stack(self._account, self._names.base_stack)
        if not base.belongs_to(self._names):
            return []
        with self._open:
            self._stage_folder()
            of_base = preview(self._account, base, self._base_change())
            if of_base.unknown:
                # The other stack's change depends on this one, such as on the bucket of the pages.
                return [of_base]
            front = Stack(self._account, self._names.front_stack)
            return [of_base, preview(self._account, front, self._front_change())]

    def _guarded(self, step: Step) -> Step:
        def run() -> None:
            if self._lock is not None:
                self._lock.check()
            step.run()

        return Step(step.name, run, step.makes)

    # -- the steps ------------------------------------------------------------------------------

    def _stage(self) -> None:
        notes = self._stage_folder()
        self._package = build(self._staged)
        for line in (*notes, *lambda_python.notes(), *self._staged.notes, *sizes_of(self._package).lines()):
            self._progress.tell(line)

    def _stage_folder(self) -> list[str]:
        """Stage and check the experiment; return notes on its settings for the operator."""
        order, names = self._order, self._names
        if order.archive is not None:
            check_zip(order.archive)
        build_dir = self._home.build_dir(names, self._account.number, self._account.region)
        self._open.enter_context(self._home.alone(build_dir))
        self._staged = stage(
            order.folder,
            names,
            build_dir,
            account=self._account.number,
            region=self._account.region,
            settings=order.settings,
            mapping_confirmed=self._wiring.is_confirmed(),
        )
        # Those of a profile stand neither in the settings nor in the environment.
        check_for_secrets(self._account.secrets(), self._staged.folder, self._staged.site)
        with contextlib.chdir(order.folder):
            self._loaded = load_experiment(order.folder, runtime={**order.settings, "mode": names.stage})
            notes = check_settings(self._loaded, names)
        _ = self._alarm_email
        return list(notes)

    def _make_base(self) -> None:
        stack = Stack(self._account, self._names.base_stack)
        if stack.look() is not None and not stack.belongs_to(self._names):
            raise OperatorProblem(f"A stack {stack.name} is there that isn't this app's. Take another --app.")
        if stack.look() is not None and stack.parameters().get("Place", "") != self._names.place:
            raise OperatorProblem(
                f"{stack.name} was made under other names meanwhile. Run the command again."
            )
        if has_bucket(self._account, self._keep):
            self._take_lock()
        if self._order.archive is not None and self._account.has_table(self._names.table):
            archive_import.check(self._account, self._names, self._order.archive)
        self._base = stack.apply(self._base_change(), self._progress.tell)
        if self._lock is None:
            self._take_lock()

    def _base_change(self) -> Change:
        template = base_template(budgets=has_budgets(self._account.region))
        return Change(template, self._base_parameters(), tags_of(self._names))

    def _take_lock(self) -> None:
        self._lock = self._open.enter_context(held(Lock(self._account, self._keep), "deploy"))

    @property
    def _alarm_email(self) -> str:
        """Who is told of alarms; OperatorProblem for a limit that nobody would hear of."""
        email = self._order.alarm_email or str(self._staged.settings.get("contact_email_on_error") or "")
        if self._order.spend_limit and not email:
            raise OperatorProblem("Who is to be told of the spend limit? Give --alarm-email too.")
        if self._order.spend_limit and not has_budgets(self._account.region):
            raise OperatorProblem(
                f"CloudFormation makes no budgets in {self._account.region}. Deploy without --spend-limit, "
                "and make a budget in the AWS console (Billing, Budgets)."
            )
        return email

    def _base_parameters(self) -> dict[str, str | None]:
        config = json.loads((self._staged.folder / ".chalice" / "config.json").read_text(encoding="utf-8"))
        consumer = config["stages"][self._names.stage]["lambda_functions"]["on_message"]
        limit, protected = self._order.spend_limit, self._order.protected
        return {
            "App": self._names.app,
            "Stage": self._names.stage,
            "Place": self._names.place,
            "AlarmEmail": self._alarm_email or None,
            "SpendLimit": None if limit is None else f"{limit:g}",
            "DeletionProtection": None if protected is None else str(protected).lower(),
            "MTurkAccount": mturk_account.account_of(self._staged.settings, self._staged.secrets),
            # AWS's own rule for queues that Lambda reads.
            "VisibilityTimeout": str(6 * int(consumer["lambda_timeout"])),
            "LogRetentionDays": str(config["log_retention_in_days"]),
        }

    def _keep_secrets(self) -> None:
        self._secrets = app_secrets.ensure(
            self._account, self._names, self._staged.secrets, rotate=self._order.rotate_secrets
        )
        app_secrets.OperatorTokens().keep(self._names, self._account.region, self._secrets[app_secrets.TOKEN])

    def _upload_files(self) -> None:
        files = [file for file in files_of(self._staged.site) if not file.is_page]
        self._progress.tell(f"{self._site.upload(files)} of {len(files)} files are new")

    def _deploy_functions(self) -> None:
        was_on = self._wiring.rule_is_on()
        try:
            made = chalice_deploy.deploy(
                self._account, self._names, Prepared(self._staged.folder, self._package), self._progress.tell
            )
        finally:
            # Chalice switches the clock on each time; whether it ticks is the app's own decision.
            if not was_on:
                with contextlib.suppress(BotoCoreError, ClientError):
                    self._wiring.switch_rule(on=False)
        self._apis = {each["resource_type"]: each for each in made}

    def _connect(self) -> None:
        self._wiring.allow_chains()
        self._wiring.connect_realtime()
        self._wiring.confirm_mapping()
        capacity = look_up_capacity(self._account)
        if capacity is not None:
            self._wiring.bound_consumer(capacity.consumers)
            self._wiring.bound_consumer(capacity.realtime_consumers, Lane.REALTIME)
        self._rest_deployment = self._wiring.prepare_rest(self._apis["rest_api"]["rest_api_id"])
        websocket_stage.ensure_stage(self._account, self._apis["websocket_api"]["websocket_api_id"])
        self._wiring.bound_sockets(
            self._apis["websocket_api"]["websocket_api_id"], self._base.get("AccessLogsArn")
        )
        self._wiring.bound_stage(
            self._apis["rest_api"]["rest_api_id"], self._base.get("AccessLogsArn"), self._progress.tell
        )

    def _make_front(self) -> None:
        stack = Stack(self._account, self._names.front_stack)
        self._front = stack.apply(self._front_change(), self._progress.tell)
        own, name = self._front["SiteUrl"].removeprefix("https://"), self._front["DistributionDomain"]
        if own != name:
            self._progress.tell(f"the DNS of {own} needs a CNAME record (or an alias) that points to {name}")

    def _front_change(self) -> Change:
        # Participants have pages of earlier releases open, which lead to other pages of those releases.
        pages = {page for file in files_of(self._staged.site) if (page := page_of(file.key))}
        pages |= self._site.pages()
        price_class, domain = self._order.price_class, self._order.domain
        parameters = {
            "App": self._names.app,
            "Stage": self._names.stage,
            "Place": self._names.place,
            # In a preview, the APIs stay the stack's own.
            "RestApiId": self._apis.get("rest_api", {}).get("rest_api_id"),
            "WebsocketApiId": self._apis.get("websocket_api", {}).get("websocket_api_id"),
            "Domain": None if domain is None else domain.name,
            "Certificate": None if domain is None else domain.certificate or None,
            "PriceClass": None if price_class is None else f"PriceClass_{price_class.capitalize()}",
        }
        template = front_template(routes_of(self._loaded.routes), pages)
        return Change(template, parameters, tags_of(self._names))

    def _publish(self) -> None:
        aliases = Aliases(self._account, self._names)
        self._versions = aliases.publish(self._package, f"Petri {VERSION}")
        target = Target(
            self._versions,
            self._apis["rest_api"]["rest_api_id"],
            self._rest_deployment,
            self._apis["websocket_api"]["websocket_api_id"],
        )
        self._version = provenance.describe(self._loaded, package=self._package)
        self._code = provenance.archive(self._loaded, self._version, self._package.with_name(CODE))
        releases = Releases(self._account, self._names)
        site = releases.keep_site(files_of(self._staged.site))
        code = releases.keep_code(self._code)
        cut_over(self._account, self._names, target)
        made = releases.keep(
            Release(0, "", self._version, self._versions, target.rest_api, target.rest_deployment, site, code)
        )
        self._progress.tell(f"this is release {made.number}")

    @property
    def _rest_url(self) -> str:
        return str(self._apis["rest_api"]["rest_api_url"])

    @property
    def _sockets_url(self) -> str:
        url = str(self._apis["websocket_api"]["websocket_api_url"])
        return url.replace("wss://", "https://").rstrip("/")

    def _probe(self) -> None:
        self._probe_sockets(self._sockets_url)

    def _note(self) -> None:
        site_url = self._front["SiteUrl"]
        for key, path in ((CODE, self._code), (f"packages/{self._version['package']}.zip", self._package)):
            self._account.client("s3").put_object(Bucket=self._keep, Key=key, Body=path.read_bytes())
        deployment_info.write(
            self._account,
            self._names,
            DeploymentInfo(site_url, self._rest_url, self._sockets_url, self._version),
        )
        self._home.keep(
            AppEntry(
                self._names.app,
                self._names.stage,
                self._account.number,
                self._account.region,
                self._account.profile,
                str(self._order.folder),
                site_url,
                self._rest_url,
            )
        )

    def _populate(self) -> None:
        if self._order.archive is not None:
            self._progress.tell(archive_import.populate(self._account, self._names, self._order.archive))

    def _upload_pages(self) -> None:
        files = files_of(self._staged.site)
        changed = self._site.upload([file for file in files if file.is_page])
        self._site.retire(files)
        if changed:
            self._site.refresh(self._front["DistributionId"])
        self._progress.tell(f"{changed} pages are new")
        Releases(self._account, self._names).prune()

    def _launch(self) -> None:
        self._launched = self._launch_app(self._rest_url, self._secrets[app_secrets.TOKEN])
        self._progress.tell(self._launched)
        self._register()

    def _register(self) -> None:
        """Register the study at the OSF, where a token for it is set."""
        config = self._loaded.config
        study = osf_registration.Study(
            self._names,
            str(config.get("title")),
            str(config.get("description")),
            self._code,
            str(self._version["experiment"]),
        )
        osf_registration.register(config.get(osf_registration.SETTING, None), study, self._progress.tell)


def has_budgets(region: str) -> bool:
    """Whether CloudFormation makes budgets in a region."""
    regions = regions_with("AWS::Budgets::Budget")
    return regions is None or region in regions


def described(steps: Sequence[Step]) -> list[str]:
    """Return the steps in lines, each with what it makes."""
    lines = []
    for number, step in enumerate(steps, start=1):
        lines.append(f"{number}. {step.name}")
        lines += [f"   makes {each}" for each in step.makes]
    return lines
