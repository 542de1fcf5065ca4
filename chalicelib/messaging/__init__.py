"""Adapters for queues, the tick schedule and sockets, in the cloud and in one process."""
