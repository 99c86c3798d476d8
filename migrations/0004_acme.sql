-- ACME (RFC 8555): accounts with their keys, external account bindings, orders, authorizations.
-- Certificates, keys and evidence of ACME orders are rows of the foundation's tables, like everybody's.

CREATE TABLE acme_account (
    acme_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id), -- the Chancery account behind it
    thumbprint TEXT NOT NULL UNIQUE,        -- RFC 7638, of the key now in use
    spki BYTEA NOT NULL,
    status TEXT NOT NULL,                   -- valid, deactivated, revoked
    contact TEXT NOT NULL,                  -- mailto: addresses, one a line
    terms_agreed BIGINT NOT NULL,
    external_id BIGINT NOT NULL,            -- external_account; 0 = none
    uri TEXT NOT NULL,                      -- as told to the client: what CAA's accounturi names (RFC 8657)
    created_at BIGINT NOT NULL
);
CREATE INDEX acme_account_account ON acme_account (account_id, acme_id);
-- Keys for external account binding (RFC 8555 7.3.4): who has one makes ACME accounts of this Chancery account.
CREATE TABLE external_account (
    external_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    key_id TEXT NOT NULL UNIQUE,
    sealed BYTEA NOT NULL,                  -- the HMAC key under the vault's key
    seal_version BIGINT NOT NULL,
    label TEXT NOT NULL,
    names TEXT NOT NULL,                    -- allowed names and what is below them, one a line; '' = any
    tags TEXT NOT NULL,                     -- key=value, one a line: put on each certificate
    use_count BIGINT NOT NULL,              -- ACME accounts bound with it
    used_at BIGINT NOT NULL,
    disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX external_account_account ON external_account (account_id, external_id);
-- An order's state is mostly read off its authorizations and its certificate; `state` keeps what these cannot tell.
CREATE TABLE acme_order (
    order_id BIGINT PRIMARY KEY,
    acme_id BIGINT NOT NULL REFERENCES acme_account (acme_id),
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    state TEXT NOT NULL,                    -- open, finalized, invalid
    identifiers TEXT NOT NULL,              -- names, one a line, wildcards as *.x
    authorizations TEXT NOT NULL,           -- ids, one a line, in the identifiers' order
    certificate_id TEXT NOT NULL,
    replaces TEXT NOT NULL,                 -- RFC 9773 certificate identifier, '' = none
    not_after BIGINT NOT NULL,              -- as the client asked; 0 = as long as certificates live
    error TEXT NOT NULL,                    -- problem document, '' = none
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    certificate_seq BIGINT NOT NULL         -- its seq, 0 = none yet: found by it
);
CREATE INDEX acme_order_account ON acme_order (acme_id, order_id);
CREATE INDEX acme_order_certificate ON acme_order (certificate_seq) WHERE certificate_seq > 0;
CREATE INDEX acme_order_replaces ON acme_order (account_id, replaces) WHERE replaces <> '';
CREATE TABLE acme_authorization (
    authorization_id BIGINT PRIMARY KEY,
    acme_id BIGINT NOT NULL REFERENCES acme_account (acme_id),
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    name TEXT NOT NULL,                     -- without "*."
    is_address BIGINT NOT NULL,
    is_wildcard BIGINT NOT NULL,
    state TEXT NOT NULL,                    -- pending, processing, valid, invalid, deactivated
    token TEXT NOT NULL,                    -- of all its challenges
    method BIGINT NOT NULL,                 -- enum msg_method of the challenge that was tried, or of the evidence
    error TEXT NOT NULL,                    -- problem document of that challenge
    tried_at BIGINT NOT NULL,
    validated_at BIGINT NOT NULL,
    evidence_id BIGINT NOT NULL,
    caa_checked_at BIGINT NOT NULL,         -- of the permitting verdict for this account and method
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- What may serve a new order, newest last.
CREATE INDEX acme_authorization_name ON acme_authorization (acme_id, name, is_wildcard, authorization_id);
CREATE INDEX acme_authorization_processing ON acme_authorization (tried_at) WHERE state = 'processing';
