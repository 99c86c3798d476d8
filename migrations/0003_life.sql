-- Life after issue: requests to revoke and to reissue, keys that nobody may use again, what certificates are bound to.

-- A request to revoke (A7).  The newest of a certificate is the one that counts; older ones lapsed or were refused.
CREATE TABLE revocation (
    revocation_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    state TEXT NOT NULL,                    -- letter, proving, reviewing, revoked, failed
    reason BIGINT NOT NULL,                 -- CRLReason of RFC 5280 5.3.1
    reason_text TEXT NOT NULL,              -- in the owner's words
    filed_by BIGINT NOT NULL,               -- user
    filed_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,            -- of the proof; 0 = none
    decided_by BIGINT NOT NULL,             -- the reviewer; 0 = nobody, or the service by itself
    decided_at BIGINT NOT NULL,
    note TEXT NOT NULL                      -- what the reviewer, or the lapse, has to say
);
CREATE INDEX revocation_certificate ON revocation (account_id, certificate_id, revocation_id);
CREATE INDEX revocation_queue ON revocation (revocation_id) WHERE state = 'reviewing';

-- Keys that somebody else may have: never accepted again, by no way in, for no account.
CREATE TABLE blocked_key (
    spki_hash BYTEA PRIMARY KEY,            -- SHA-256 of the SubjectPublicKeyInfo
    account_id BIGINT NOT NULL,             -- who told; 0 = the installation
    user_id BIGINT NOT NULL,
    source TEXT NOT NULL,                   -- owner, proof, operator
    created_at BIGINT NOT NULL
);

-- A certificate that takes the place of another one of the same order (A6).
CREATE TABLE reissue (
    certificate_id TEXT PRIMARY KEY,        -- the new one
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    order_id BIGINT NOT NULL,
    origin_id TEXT NOT NULL,                -- the one that it was asked for
    primary_domain TEXT NOT NULL,
    end_at BIGINT NOT NULL,                 -- the origin's notAfter, which stays (RIS-06)
    csr_type TEXT NOT NULL,                 -- original, upload, online
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX reissue_order ON reissue (account_id, order_id);
CREATE INDEX reissue_domain ON reissue (account_id, primary_domain);

-- What serves a certificate: registered by hand or, later, by a deployment.
CREATE TABLE binding (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,            -- clb, cdn, waf, …
    region TEXT NOT NULL,                   -- '' = it has none
    resource_id TEXT NOT NULL,
    name TEXT NOT NULL,                     -- for people
    domain TEXT NOT NULL,                   -- the host that it serves with the certificate; '' = not told
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, certificate_id, resource_type, region, resource_id) -- clustered
);

-- Look-ups and deletions that are asked about later.
CREATE TABLE life_task (
    task_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    kind TEXT NOT NULL,                     -- bind, delete
    certificate_id TEXT NOT NULL,
    status BIGINT NOT NULL,                 -- 0 running; then as the wire says for its kind
    message TEXT NOT NULL,
    names TEXT NOT NULL,                    -- of the certificate, one a line
    user_id BIGINT NOT NULL,                -- on whose behalf
    created_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL
);
CREATE INDEX life_task_account ON life_task (account_id, created_at);

-- All certificates of a method, an issuer, a profile, a span of time made anew at an operator's word.
CREATE TABLE replacement (
    replacement_id BIGINT PRIMARY KEY,
    state TEXT NOT NULL,                    -- listing, running, done, stopped
    method BIGINT NOT NULL,                 -- enum msg_method that proved a name; 0 = any
    issuer TEXT NOT NULL,                   -- '' = any
    profile TEXT NOT NULL,                  -- '' = any
    from_at BIGINT NOT NULL,                -- issued from then on
    to_at BIGINT NOT NULL,                  -- and before then
    reason BIGINT NOT NULL,                 -- CRLReason
    note TEXT NOT NULL,                     -- why: owners read it
    per_minute BIGINT NOT NULL,             -- as many are begun
    grace_sec BIGINT NOT NULL,              -- from the successor's issue to the revocation
    deadline_at BIGINT NOT NULL,            -- then it is revoked anyway
    listed_to BIGINT NOT NULL,              -- issued_id: how far the list is made
    list_end BIGINT NOT NULL,               -- the newest one when it began
    next_open_at BIGINT NOT NULL,           -- the next few are begun then
    user_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE replacement_item (
    replacement_id BIGINT NOT NULL REFERENCES replacement (replacement_id),
    issued_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    certificate_id TEXT NOT NULL,
    state TEXT NOT NULL,                    -- waiting, open, ready, revoked, ended
    due_at BIGINT NOT NULL,                 -- the next look
    opened_at BIGINT NOT NULL,              -- its successor was begun, or its ACME client told, then; 0 = not yet
    successor_id TEXT NOT NULL,             -- '' = none known
    PRIMARY KEY (replacement_id, issued_id) -- clustered
);
CREATE INDEX replacement_item_due ON replacement_item (replacement_id, state, due_at);
CREATE INDEX replacement_item_issued ON replacement_item (issued_id);
