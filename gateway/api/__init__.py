"""The HTTP doors, one application each, mounted by `gateway.app`.

    /v1/source      CBP's systems           tokens with scopes         gateway.api.source
    /v1/partner     foreign customs         their certificates         gateway.api.partner
    /v1/ops         operators               tokens, a role as scope    gateway.api.operators
    /health         whoever watches         none                       gateway.api.health
    /metrics        Prometheus              a token, or its address    gateway.api.metrics

Each door has its own OpenAPI description, at `openapi.json` and committed in `docs/openapi`.
Pydantic models stand in these folders and nowhere below.
"""
