"""Emulates the services that call and serve functions: Lambda, API Gateway, CloudFront."""
