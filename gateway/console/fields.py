"""What several pages take from an address or a form."""

from typing import Annotated

from fastapi import Form, Query

from gateway.acts import reasons
from gateway.api.parameters import PARTNER

OnlyPartner = Annotated[str, Query(pattern=f"^$|{PARTNER}")]
"""A filter; '' is every partner."""

Reason = Annotated[str, Form(max_length=4 * reasons.LENGTH_MAX)]
"""The act judges whether it is one (`gateway.acts.reasons`), and so says what is wrong with it: the
form only keeps out what nobody types.
"""
