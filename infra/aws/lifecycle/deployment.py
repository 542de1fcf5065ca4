"""Deploys an experiment step by step; every step can be repeated, so an interrupted deploy is run again.

While an app is deployed again, participants have its old pages open. Hence the order:

1. files that pages request, whose names contain a content hash: they are uploaded next to the old ones;
2. code and settings of the functions, and the APIs, none of which is served yet: all triggers call the alias
   of a function, and a stage serves its deployment;
3. a version of each function, and then the alias of all of them and the stage at one moment: the old pages
   call the new API, so an API must serve the pages before it (a route that an old page calls can be removed
   only after the participants with that page have finished);
4. pages, so that each page finds the API that it needs;
5. files that no page requests any more are deleted days later.

A deploy replaces no data of a run: all of it is in the table, which an update doesn't change.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

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
from infra.aws.account.steps import Progress, StepOutline, StepRunner
from infra.aws.deployed import archive_import, deployment_info, seal_bucket
from infra.aws.deployed.deployment_info import DeploymentInfo
from infra.aws.deployed.releases import Release, Releases
from infra.aws.package.chalice_config import attach_layer
from infra.aws.package.layer_build import build_layer, check_sizes
from infra.aws.package.layer_versions import LayerVersions
from infra.aws.package.package_build import build
from infra.aws.package.staging import StagedApp, stage
from infra.aws.resources import app_secrets, chalice_deploy, websocket_stage
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
from .cutover import Target, record_and_cut_over
from .preflight_checks import check_settings
from .required_rights import regions_with
from .stack_previews import StackPreview, preview

AGAIN = "Until then everything goes on as it was. Run the same command again: what is done is found done."

STAGE: Final = "stage and package the experiment"
BASE: Final = "create table, queues, topics and buckets"
SECRETS: Final = "store the secrets"
FILES: Final = "upload the files that pages need"
CODE_AND_APIS: Final = "deploy functions and APIs with Chalice"
CONNECT: Final = "connect queues and limits"
FRONT: Final = "set up CloudFront"
PUBLISH: Final = "publish versions and serve them"
RECORD: Final = "record the deployment"
ARCHIVE: Final = "load the archive into the table"
PROBE: Final = "test the sockets"
PAGES: Final = "upload the pages"
LAUNCH: Final = "launch the experiment"


@dataclass(frozen=True, kw_only=True)
class DeploySpec:
    """What to deploy, and how."""

    folder: Path
    names: Names
    #: an export to begin with
    archive: Path | None = None
    #: the address for alarms; empty: the experiment's contact_email_on_error
    alarm_email: str = ""
    #: the account's monthly spending, in US dollars, above which that address is notified; 0: no limit;
    #: None: unchanged
    spend_limit: float | None = None
    #: whether AWS refuses to delete the table; None: unchanged, in a new app it doesn't
    protected: bool | None = None
    #: CloudFront's price class; None: unchanged, in a new app the cheapest
    price_class: PriceClass | None = None
    #: whether the operator's token and the keys that sign tokens and requests of the dashboard are replaced
    rotate_secrets: bool = False
    #: the app's own domain; None: unchanged, in a new app CloudFront's name
    domain: Domain | None = None
    #: settings that take precedence over all files
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The addresses of a deployed app."""

    site_url: str
    rest_url: str
    token: str = field(repr=False)
    dashboard_url: str = ""
    #: the recruiter's message at the launch
    launched: str = ""


@dataclass(frozen=True)
class _Checked:
    """A staged experiment whose settings have been checked."""

    staged: StagedApp
    alarm_email: str
    #: for the operator
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Apis:
    """The two APIs that Chalice has deployed."""

    rest_api: str
    rest_url: str
    websocket_api: str
    sockets_url: str


@dataclass(frozen=True)
class _Published:
    """What is served now: its description, and the archive of the experiment's code."""

    version: Mapping[str, Any]
    code: Path


class Deployment:
    """One deploy."""

    def __init__(
        self,
        account: Account,
        spec: DeploySpec,
        progress: Progress,
        *,
        launch: Callable[[str, str], str] = launch_request.launch,
        probe: Callable[[str], None] = websocket_stage.probe,
        home: LocalRegistry | None = None,
    ) -> None:
        """`launch` takes the API's address and the operator's token, `probe` the address for sockets.

        `home`: this machine's registry of apps.
        """
        self._account = account
        self._spec = spec
        self._names = spec.names
        self._progress = progress
        self._launch_app = launch
        self._probe_sockets = probe
        self._home = home or LocalRegistry()
        self._wiring = PostDeploySettings(account, spec.names)
        self._keep = spec.names.keep_bucket(account.number)
        self._site = SiteUpload(account, spec.names.site_bucket(account.number), self._keep)
        self._open = ExitStack()
        self._lock: Lock | None = None

    def steps(self) -> list[StepOutline]:
        """Return the steps in order, without running them."""
        names, number = self._names, self._account.number
        buckets = (names.site_bucket(number), names.keep_bucket(number), names.files_bucket(number))
        sealed = names.seal_bucket(number)
        base = (
            f"stack {names.base_stack}",
            f"table {names.table}",
            f"queues {names.queue}, {names.realtime_queue}, {names.dead_queue}",
            f"topics {names.topic}, {names.alarm_topic}",
            f"buckets {', '.join(buckets)}, and {sealed}, whose objects are locked",
        )
        code = (
            f"functions {', '.join(names.function(each) for each in FUNCTIONS)}",
            "a role, a policy and a log group for each",
            "a REST API and a WebSocket API",
            f"rule {names.tick_rule} (off until places are open)",
        )
        front = (
            f"stack {names.front_stack}",
            "a CloudFront distribution for participants, and one for the dashboard",
            "alarms",
        )
        return [
            StepOutline(STAGE),
            StepOutline(BASE, base),
            StepOutline(SECRETS, (f"parameters {names.secrets}, {names.vendor_secrets}",)),
            StepOutline(FILES),
            StepOutline(CODE_AND_APIS, code),
            StepOutline(CONNECT),
            StepOutline(FRONT, front),
            StepOutline(PUBLISH, (f"a version of each function, and the alias {ALIAS}",)),
            StepOutline(RECORD),
            *([] if self._spec.archive is None else [StepOutline(ARCHIVE)]),
            StepOutline(PROBE),
            StepOutline(PAGES),
            StepOutline(LAUNCH),
        ]

    def run(self) -> Deployed:
        """Run every step; raises OperatorProblem with the failed step, the reason and what to do."""
        names = [step.name for step in self.steps()]
        step = StepRunner(names, self._progress, AGAIN, before=self._check_lock).run
        with self._open:
            checked, package, layer = step(STAGE, self._stage)
            staged = checked.staged
            base = step(BASE, lambda: self._create_base(checked))
            secrets = step(SECRETS, lambda: self._store_secrets(staged))
            step(FILES, lambda: self._upload_files(staged))
            apis = step(CODE_AND_APIS, lambda: self._deploy_functions(staged, package, layer))
            rest_deployment = step(CONNECT, lambda: self._connect(apis, base))
            front = step(FRONT, lambda: self._create_front(staged, apis, secrets))
            published = step(PUBLISH, lambda: self._publish(staged, package, apis, rest_deployment))
            step(RECORD, lambda: self._record(apis, front, published, package))
            if (archive := self._spec.archive) is not None:
                step(ARCHIVE, lambda: self._load(archive))
            step(PROBE, lambda: self._probe_sockets(apis.sockets_url))
            step(PAGES, lambda: self._upload_pages(staged, front))
            launched = step(LAUNCH, lambda: self._launch(staged, apis, secrets, published))
        return Deployed(
            site_url=front["SiteUrl"],
            rest_url=apis.rest_url,
            token=secrets[app_secrets.TOKEN],
            dashboard_url=front["DashboardUrl"],
            launched=launched,
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
            checked = self._stage_folder()
            of_base = preview(self._account, base, self._base_change(checked))
            if of_base.unknown:
                # The other stack's change depends on this one, such as on the bucket of the pages.
                return [of_base]
            front = Stack(self._account, self._names.front_stack)
            secrets = app_secrets.read(self._account, self._names)
            change = self._front_change(checked.staged, None, secrets)
            return [of_base, preview(self._account, front, change)]

    def _check_lock(self) -> None:
        if self._lock is not None:
            self._lock.check()

    # -- the steps ------------------------------------------------------------------------------

    def _stage(self) -> tuple[_Checked, Path, Path | None]:
        """Stage the experiment, and build its package, and the layer for sign-in if it needs one."""
        checked = self._stage_folder()
        package = build(checked.staged)
        notes = (*checked.notes, *lambda_python.notes(), *checked.staged.notes)
        sizes = sizes_of(package)
        layer = build_layer(checked.staged)
        for line in (*notes, *sizes.lines()):
            self._progress.tell(line)
        if layer is not None:
            check_sizes(sizes, layer)
            self._progress.tell(f"layer for sign-in: {layer.stat().st_size / 1e6:.1f} MB zipped")
        return checked, package, layer

    def _stage_folder(self) -> _Checked:
        """Stage and check the experiment."""
        spec, names = self._spec, self._names
        if spec.archive is not None:
            check_zip(spec.archive)
        build_dir = self._home.build_dir(names, self._account.number, self._account.region)
        self._open.enter_context(self._home.alone(build_dir))
        staged = stage(
            spec.folder,
            names,
            build_dir,
            account=self._account.number,
            region=self._account.region,
            settings=spec.settings,
            mapping_confirmed=self._wiring.is_confirmed(),
        )
        # A profile's keys are neither in the settings nor in the environment.
        check_for_secrets(self._account.secrets(), staged.folder, staged.site)
        with contextlib.chdir(spec.folder):
            notes = check_settings(staged.loaded, names)
        return _Checked(staged, self._alarm_email(staged), tuple(notes))

    def _create_base(self, checked: _Checked) -> Mapping[str, str]:
        stack = Stack(self._account, self._names.base_stack)
        if stack.look() is not None and not stack.belongs_to(self._names):
            raise OperatorProblem(
                f"A stack {stack.name} exists that doesn't belong to this app. Choose another --app."
            )
        if stack.look() is not None and stack.parameters().get("Place", "") != self._names.place:
            raise OperatorProblem(
                f"{stack.name} was created under other names meanwhile. Run the command again."
            )
        if has_bucket(self._account, self._keep):
            self._take_lock()
        if self._spec.archive is not None and self._account.has_table(self._names.table):
            archive_import.check(self._account, self._names, self._spec.archive)
        outputs = stack.apply(self._base_change(checked), self._progress.tell)
        if self._lock is None:
            self._take_lock()
        days = int(checked.staged.loaded.config.get(seal_bucket.SETTING))
        seal_bucket.SealBucket(self._account, self._names).ensure(days)
        return outputs

    def _base_change(self, checked: _Checked) -> Change:
        template = base_template(budgets=has_budgets(self._account.region))
        return Change(template, self._base_parameters(checked), tags_of(self._names))

    def _take_lock(self) -> None:
        self._lock = self._open.enter_context(held(Lock(self._account, self._keep), "deploy"))

    def _alarm_email(self, staged: StagedApp) -> str:
        """Return the address for alarms; raises OperatorProblem for a spend limit without an address."""
        email = self._spec.alarm_email or str(staged.settings.get("contact_email_on_error") or "")
        if self._spec.spend_limit and not email:
            raise OperatorProblem("A spend limit needs an address to notify. Give --alarm-email too.")
        if self._spec.spend_limit and not has_budgets(self._account.region):
            raise OperatorProblem(
                f"CloudFormation has no budgets in {self._account.region}. Deploy without --spend-limit, "
                "and create a budget in the AWS console (Billing, Budgets)."
            )
        return email

    def _base_parameters(self, checked: _Checked) -> dict[str, str | None]:
        staged = checked.staged
        config = json.loads((staged.folder / ".chalice" / "config.json").read_text(encoding="utf-8"))
        consumer = config["stages"][self._names.stage]["lambda_functions"]["on_message"]
        limit, protected = self._spec.spend_limit, self._spec.protected
        return {
            "App": self._names.app,
            "Stage": self._names.stage,
            "Place": self._names.place,
            "AlarmEmail": checked.alarm_email or None,
            "SpendLimit": None if limit is None else f"{limit:g}",
            "DeletionProtection": None if protected is None else str(protected).lower(),
            "MTurkAccount": mturk_account.account_of(staged.settings, staged.secrets),
            # AWS's recommendation for queues that Lambda reads.
            "VisibilityTimeout": str(6 * int(consumer["lambda_timeout"])),
            "LogRetentionDays": str(config["log_retention_in_days"]),
        }

    def _store_secrets(self, staged: StagedApp) -> Mapping[str, Any]:
        rotate = self._spec.rotate_secrets
        secrets = app_secrets.ensure(self._account, self._names, staged.secrets, rotate=rotate)
        app_secrets.OperatorTokens().keep(self._names, self._account.region, secrets[app_secrets.TOKEN])
        return secrets

    def _upload_files(self, staged: StagedApp) -> None:
        files = [file for file in files_of(staged.site) if not file.is_page]
        self._progress.tell(f"{self._site.upload(files)} of {len(files)} files are new")

    def _deploy_functions(self, staged: StagedApp, package: Path, layer: Path | None) -> _Apis:
        was_on = self._wiring.rule_is_on()
        if layer is not None:
            arn = LayerVersions(self._account, self._names).ensure(layer)
            attach_layer(
                staged.folder, self._names, arn, sends_scores=bool(staged.settings.get("lti_platforms"))
            )
        try:
            deployed_resources = chalice_deploy.deploy(
                self._account, self._names, chalice_deploy.Staged(staged.folder, package), self._progress.tell
            )
        finally:
            # Chalice enables the clock's rule each time; only the app itself decides whether it is enabled.
            if not was_on:
                with contextlib.suppress(BotoCoreError, ClientError):
                    self._wiring.switch_rule(on=False)
        apis = {each["resource_type"]: each for each in deployed_resources}
        rest, sockets = apis["rest_api"], apis["websocket_api"]
        sockets_url = str(sockets["websocket_api_url"]).replace("wss://", "https://").rstrip("/")
        return _Apis(rest["rest_api_id"], str(rest["rest_api_url"]), sockets["websocket_api_id"], sockets_url)

    def _connect(self, apis: _Apis, base: Mapping[str, str]) -> str:
        """Apply the settings that Chalice can't; return the REST API's deployment to serve."""
        self._wiring.allow_chains()
        self._wiring.connect_realtime()
        self._wiring.confirm_mapping()
        capacity = look_up_capacity(self._account)
        if capacity is not None:
            self._wiring.bound_consumer(capacity.consumers)
            self._wiring.bound_consumer(capacity.realtime_consumers, Lane.REALTIME)
        rest_deployment = self._wiring.prepare_rest(apis.rest_api)
        websocket_stage.ensure_stage(self._account, apis.websocket_api)
        logs = base.get("AccessLogsArn")
        self._wiring.bound_sockets(apis.websocket_api, logs)
        self._wiring.bound_stage(apis.rest_api, logs, self._progress.tell)
        return rest_deployment

    def _create_front(self, staged: StagedApp, apis: _Apis, secrets: Mapping[str, Any]) -> Mapping[str, str]:
        stack = Stack(self._account, self._names.front_stack)
        outputs = stack.apply(self._front_change(staged, apis, secrets), self._progress.tell)
        own, name = outputs["SiteUrl"].removeprefix("https://"), outputs["DistributionDomain"]
        if own != name:
            self._progress.tell(f"the DNS of {own} needs a CNAME record (or an alias) that points to {name}")
        return outputs

    def _front_change(self, staged: StagedApp, apis: _Apis | None, secrets: Mapping[str, Any]) -> Change:
        """Return the change of the front stack; without `apis`, the stack keeps its own."""
        # Participants have pages of earlier releases open, which lead to other pages of those releases.
        pages = {page for file in files_of(staged.site) if (page := page_of(file.key))}
        pages |= self._site.pages()
        price_class, domain = self._spec.price_class, self._spec.domain
        parameters = {
            "App": self._names.app,
            "Stage": self._names.stage,
            "Place": self._names.place,
            "RestApiId": None if apis is None else apis.rest_api,
            "WebsocketApiId": None if apis is None else apis.websocket_api,
            "OriginKey": app_secrets.origin_key(secrets),
            "Domain": None if domain is None else domain.name,
            "Certificate": None if domain is None else domain.certificate or None,
            "PriceClass": None if price_class is None else f"PriceClass_{price_class.capitalize()}",
        }
        template = front_template(routes_of(staged.loaded.routes), pages)
        return Change(template, parameters, tags_of(self._names))

    def _publish(self, staged: StagedApp, package: Path, apis: _Apis, rest_deployment: str) -> _Published:
        versions = Aliases(self._account, self._names).publish(package, f"Petri {VERSION}")
        target = Target(versions, apis.rest_api, rest_deployment, apis.websocket_api)
        version = provenance.describe(staged.loaded, package=package)
        code = provenance.archive(staged.loaded, version, package.with_name(CODE))
        releases = Releases(self._account, self._names)
        site = releases.keep_site(files_of(staged.site))
        key = releases.keep_code(code)
        release = Release(0, "", version, versions, target.rest_api, target.rest_deployment, site, key)
        release = releases.confirm(record_and_cut_over(self._account, self._names, target, release))
        self._progress.tell(f"this is release {release.number}")
        return _Published(version, code)

    def _record(self, apis: _Apis, front: Mapping[str, str], published: _Published, package: Path) -> None:
        site_url, dashboard_url = front["SiteUrl"], front["DashboardUrl"]
        version = published.version
        for key, path in ((CODE, published.code), (f"packages/{version['package']}.zip", package)):
            self._account.client("s3").put_object(Bucket=self._keep, Key=key, Body=path.read_bytes())
        deployment_info.write(
            self._account,
            self._names,
            DeploymentInfo(
                site_url, apis.rest_url, apis.sockets_url, dict(version), dashboard_url=dashboard_url
            ),
        )
        self._home.keep(
            AppEntry(
                self._names.app,
                self._names.stage,
                self._account.number,
                self._account.region,
                self._account.profile,
                str(self._spec.folder),
                site_url,
                apis.rest_url,
            )
        )

    def _load(self, archive: Path) -> None:
        self._progress.tell(archive_import.populate(self._account, self._names, archive))

    def _upload_pages(self, staged: StagedApp, front: Mapping[str, str]) -> None:
        files = files_of(staged.site)
        changed = self._site.upload([file for file in files if file.is_page])
        self._site.retire(files)
        if changed:
            self._site.refresh(front["DistributionId"])
        self._progress.tell(f"{changed} pages are new")
        Releases(self._account, self._names).prune()
        LayerVersions(self._account, self._names).prune()

    def _launch(
        self, staged: StagedApp, apis: _Apis, secrets: Mapping[str, Any], published: _Published
    ) -> str:
        launched = self._launch_app(apis.rest_url, secrets[app_secrets.TOKEN])
        self._progress.tell(launched)
        self._register(staged, published)
        return launched

    def _register(self, staged: StagedApp, published: _Published) -> None:
        """Register the study at the OSF, if a token for it is set."""
        config = staged.loaded.config
        study = osf_registration.OsfStudy(
            self._names,
            str(config.get("title")),
            str(config.get("description")),
            published.code,
            str(published.version["experiment"]),
        )
        osf_registration.register(config.get(osf_registration.SETTING, None), study, self._progress.tell)


def has_budgets(region: str) -> bool:
    """Whether CloudFormation supports budgets in a region."""
    regions = regions_with("AWS::Budgets::Budget")
    return regions is None or region in regions


def described(steps: Sequence[StepOutline]) -> list[str]:
    """Return a line for each step, followed by lines for the resources that it creates."""
    lines = []
    for number, step in enumerate(steps, start=1):
        lines.append(f"{number}. {step.name}")
        lines += [f"   makes {each}" for each in step.makes]
    return lines
