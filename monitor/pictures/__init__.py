"""Pictures: what is shown, as shapes, as SVG and as pixels."""
