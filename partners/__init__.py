"""The register of standing facts: programmes, agreements, certificates, consents, rolls."""
