"""The starter's own package: every module here is copied into a generated project byte for byte."""
