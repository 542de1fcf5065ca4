"""Requests and socket frames as the events that API Gateway hands to Lambda, for hosts on this machine."""
