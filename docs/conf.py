"""How the documentation site is built: `make site`, with every warning an error."""

from advisor import __version__

project = "advisor"
author = "The advisor authors"
copyright = "the advisor authors, MIT; the method is V. Srinivasan's (arXiv 2605.20173, CC BY 4.0)"
release = __version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["examples/**", "site/**"]
# The same files read well on a code host: plain Markdown, headings as anchors, no directive but the contents.
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block"]
nitpicky = True

html_theme = "furo"
html_title = "advisor"
html_extra_path = ["site", "schemas"]
html_show_sphinx = False
# Agents read the pages as Markdown; llms.txt names them.
html_copy_source = True
html_sourcelink_suffix = ""
