"""Builds the events that API Gateway sends to Lambda, from requests and socket frames on this machine."""
