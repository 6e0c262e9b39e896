"""Answers agents: the commands as tools of an MCP server, and the catalog as its resources."""
