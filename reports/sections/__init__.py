"""The sections of a page, one module each, with a template of the same name in ``templates/sections``.

A section has a ``TITLE`` and ``context(fit)``, which returns what its template needs, or None where this fit has
nothing to show under that title. `reports.page` has their order.
"""
