"""What a run is made of and where it is: hashes, versions, the deployment, and addresses."""

from __future__ import annotations

from chalicelib.immutable import immutable


@immutable(kw_only=True)
class Provenance:
    """The facts of a run; those that a process doesn't know are empty."""

    #: the name of the experiment's folder
    experiment: str = ""
    #: the hash of the experiment's files
    experiment_hash: str = ""
    #: the hash of Petri's own code
    petri_hash: str = ""
    #: the hash of the package that was deployed
    package_hash: str = ""
    #: when and by whom it was deployed
    deployed_at: str = ""
    deployed_by: str = ""
    #: where participants find the run
    site_url: str = ""
    dashboard_url: str = ""
