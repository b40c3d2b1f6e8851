"""Compares what the server does with what its OpenAPI documents say."""
