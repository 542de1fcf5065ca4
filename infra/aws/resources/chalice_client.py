"""Chalice's AWS client, changed so that every trigger calls the alias of its function.

Chalice makes triggers call `$LATEST`, which it updates function by function. Here each function has an alias
that triggers call, and the REST API's stage keeps its deployment, so Chalice's deploy doesn't change what is
served. Import this only where Chalice runs, because it imports Chalice.
"""

from __future__ import annotations

from typing import Any, Final

from chalice.awsclient import TypedAWSClient

#: The part of a URI in an API's description that names a function.
_URIS: Final = {"uri", "authorizerUri"}
_INVOKE: Final = "/invocations"


class AliasedClient(TypedAWSClient):
    """The AWS client of Chalice's deployer."""

    def __init__(self, session: Any, *, alias: str) -> None:
        """`alias`: the one that every trigger calls."""
        super().__init__(session)
        self._alias = alias

    # -- functions ------------------------------------------------------------------------------

    def create_function(self, function_name: str, *args: Any, **kwargs: Any) -> str:
        """Create a function with the alias that its triggers call."""
        arn = super().create_function(function_name, *args, **kwargs)
        self._give_alias(function_name)
        return arn

    def update_function(self, function_name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Update a function; one without the alias first gets it for its current code."""
        self._give_alias(function_name)
        return super().update_function(function_name, *args, **kwargs)

    def _give_alias(self, function_name: str) -> None:
        client = self._client("lambda")
        try:
            client.get_alias(FunctionName=function_name, Name=self._alias)
        except client.exceptions.ResourceNotFoundException:
            client.get_waiter("function_updated_v2").wait(FunctionName=function_name)
            version = client.publish_version(FunctionName=function_name)["Version"]
            client.create_alias(FunctionName=function_name, Name=self._alias, FunctionVersion=version)

    # -- triggers ------------------------------------------------------------------------

    def _add_lambda_permission_if_needed(
        self, source_arn: str, function_arn: str, *args: Any, **kwargs: Any
    ) -> None:
        named = f"{function_arn}:{self._alias}"
        super()._add_lambda_permission_if_needed(source_arn, named, *args, **kwargs)

    def connect_rule_to_lambda(self, rule_name: str, function_arn: str) -> None:
        """Make a rule call the alias."""
        super().connect_rule_to_lambda(rule_name, f"{function_arn}:{self._alias}")

    def create_lambda_event_source(
        self, event_source_arn: str, function_name: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Map a queue to the alias."""
        named = f"{function_name}:{self._alias}"
        return super().create_lambda_event_source(event_source_arn, named, *args, **kwargs)

    def verify_event_source_current(
        self, event_uuid: str, resource_name: str, service_name: str, function_arn: str
    ) -> bool:
        """Whether a mapping calls this function, with or without the alias."""
        return any(
            super(AliasedClient, self).verify_event_source_current(
                event_uuid, resource_name, service_name, one
            )
            for one in (f"{function_arn}:{self._alias}", function_arn)
        )

    def import_rest_api(self, swagger_document: dict[str, Any], endpoint_type: str) -> str:
        """Create the REST API, which calls the alias."""
        return super().import_rest_api(self._calling(swagger_document), endpoint_type)

    def update_api_from_swagger(self, rest_api_id: str, swagger_document: dict[str, Any]) -> None:
        """Replace the REST API's description, which calls the alias."""
        super().update_api_from_swagger(rest_api_id, self._calling(swagger_document))

    def deploy_rest_api(self, *_: object, **__: object) -> None:
        """Leave the REST API's stage as it is: it changes together with the aliases."""

    def create_websocket_integration(self, api_id: str, lambda_function: str, handler_type: str) -> str:
        """Make a route of the WebSocket API call the alias."""
        return super().create_websocket_integration(api_id, self._with_alias(lambda_function), handler_type)

    def _calling(self, document: Any) -> Any:
        """Return an API's description with integrations and authorizers that call the alias."""
        if isinstance(document, list):
            return [self._calling(one) for one in document]
        if not isinstance(document, dict):
            return document
        return {
            name: self._with_alias(value) if name in _URIS else self._calling(value)
            for name, value in document.items()
        }

    def _with_alias(self, uri: Any) -> Any:
        if not isinstance(uri, str) or not uri.endswith(_INVOKE):
            return uri
        return f"{uri.removesuffix(_INVOKE)}:{self._alias}{_INVOKE}"
