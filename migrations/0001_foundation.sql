-- The foundation: every table that the design names.
-- One sequence of migrations serves SQLite and PostgreSQL: BIGINT, TEXT and BYTEA only, ids made by the program,
-- times in Unix seconds, truth values as 0 and 1.  Each statement ends in a semicolon at the end of its line.
-- "-- clustered" beside a primary key: the rows are small and found by it alone, so SQLite keeps them in its order.

-- Who.  An account is the tenant: certificates, quota, balance.  A user is a person, member of accounts.
CREATE TABLE account (
    account_id BIGINT PRIMARY KEY,
    uin TEXT NOT NULL UNIQUE,               -- 12 digits, shown on the wire
    name TEXT NOT NULL,
    identity TEXT NOT NULL,                 -- individual, enterprise
    verified BIGINT NOT NULL,               -- identity verified (ACC-02)
    level TEXT NOT NULL,                    -- standard, v1, v2
    quota_older BIGINT NOT NULL,            -- 1: keeps the older enterprise allowance (QTA-13)
    package_count BIGINT NOT NULL,          -- free-certificate packages granted (QTA-23, SIL-02)
    disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE app_user (
    user_id BIGINT PRIMARY KEY,
    uin TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,                     -- user, reviewer, operator, auditor (in this installation)
    password_hash TEXT NOT NULL,            -- '' = no console sign-in
    disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE member (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    user_id BIGINT NOT NULL REFERENCES app_user (user_id),
    rights TEXT NOT NULL,                   -- owner, full, read
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id) -- clustered
);
CREATE TABLE api_key (
    key_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    user_id BIGINT NOT NULL REFERENCES app_user (user_id),
    secret_id TEXT NOT NULL UNIQUE,         -- AKID + 32
    sealed BYTEA NOT NULL,                  -- the SecretKey under the vault's key
    seal_version BIGINT NOT NULL,
    disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX api_key_account ON api_key (account_id, key_id);
CREATE TABLE project (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    project_id BIGINT NOT NULL,             -- 0 = the default project, always there without a row
    name TEXT NOT NULL,
    info TEXT NOT NULL,                     -- what it is for, in the owner's words
    disabled BIGINT NOT NULL,               -- 1 = nothing is put into it any more
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, project_id) -- clustered
);

-- What was bought, what came of it.
CREATE TABLE cert_order (
    order_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    package_type TEXT NOT NULL,             -- the product's number on the wire
    product TEXT NOT NULL,                  -- the catalogue's row as it was bought
    term_months BIGINT NOT NULL,
    domain_count BIGINT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,                    -- free, unpaid, paid, refunded, closed
    created_at BIGINT NOT NULL,
    paid_at BIGINT NOT NULL,
    full_minor BIGINT NOT NULL,             -- the price before the discount (PUR-13)
    paid_by TEXT NOT NULL,                  -- balance, package; '' = not paid
    package_id TEXT NOT NULL,               -- the benefit package that paid
    expires_at BIGINT NOT NULL,             -- an unpaid order closes then; 0 = never
    ended_at BIGINT NOT NULL,               -- refunded or closed
    term_start_at BIGINT NOT NULL,          -- of the first certificate; 0 = none issued yet
    term_end_at BIGINT NOT NULL,            -- what was bought ends then
    auto_renew BIGINT NOT NULL,             -- 1: the next term is bought by itself (PUR-10)
    renews_order_id BIGINT NOT NULL,        -- the order that this one continues; 0 = none
    origin_certificate_id TEXT NOT NULL,    -- the certificate that its certificate takes the place of
    upgraded BIGINT NOT NULL,               -- 1: from the free origin_certificate_id (UPG)
    fixed_domain TEXT NOT NULL,             -- the one name that may be bound (UPG-03); '' = any
    project_id BIGINT NOT NULL,             -- for the certificates, made when it is paid
    tags TEXT NOT NULL,                     -- likewise: key and value a line, a unit separator between them
    client_token TEXT NOT NULL              -- '' = none; the same token again means the same order
);
CREATE INDEX cert_order_account ON cert_order (account_id, order_id);
CREATE UNIQUE INDEX cert_order_token ON cert_order (account_id, client_token) WHERE client_token <> '';
CREATE INDEX cert_order_unpaid ON cert_order (expires_at) WHERE state = 'unpaid';
CREATE TABLE certificate (
    seq BIGINT PRIMARY KEY,                 -- row id, rises with time: the list's order and Marker
    certificate_id TEXT NOT NULL UNIQUE,    -- 8 of [A-Za-z0-9]
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    order_id BIGINT NOT NULL,               -- 0 for an uploaded one
    source TEXT NOT NULL,                   -- the wire's From: trustasia, upload, …
    certificate_type TEXT NOT NULL,         -- SVR, CA
    package_type TEXT NOT NULL,
    product_name TEXT NOT NULL,
    level TEXT NOT NULL,                    -- DV, OV, EV
    domain_type BIGINT NOT NULL,            -- 1 single, 2 multi, 3 wildcard, 4 multi-wildcard
    status BIGINT NOT NULL,                 -- api.md §5
    status_msg TEXT NOT NULL,
    alias TEXT NOT NULL,
    project_id BIGINT NOT NULL,
    domain TEXT NOT NULL,                   -- the common name, A-labels
    names TEXT NOT NULL,                    -- every name, one a line, the common name first
    primary_domain TEXT NOT NULL,
    validity_months TEXT NOT NULL,          -- the wire's ValidityPeriod
    life_days BIGINT NOT NULL,
    verify_type TEXT NOT NULL,              -- DNS, FILE, …
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    key_type TEXT NOT NULL,                 -- RSA 2048, ECC prime256v1, as in EncryptAlgorithm
    key_id BIGINT NOT NULL,                 -- cert_key; 0 = none
    key_password_set BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    profile TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,            -- of the validation; 0 = none
    validated_at BIGINT NOT NULL,
    issued_id BIGINT NOT NULL,              -- the current one of `issued`; 0 = none yet
    begin_at BIGINT NOT NULL,               -- notBefore, notAfter of it
    end_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    origin_certificate_id TEXT NOT NULL,    -- what this one renews
    renew_certificate_id TEXT NOT NULL,     -- what renews this one
    replaced_by TEXT NOT NULL,
    replaced_for TEXT NOT NULL,
    ignore_notices BIGINT NOT NULL,
    verified_ask_at BIGINT NOT NULL,        -- when a person last asked for a check (SIL-10)
    deleted_at BIGINT NOT NULL              -- 0 = there; a deleted one is kept for the record, never shown
);
-- The undeleted in the list's order, with most of what lists filter by: for the first pages, and for what is newer than the sets below.
CREATE INDEX certificate_list ON certificate (account_id, seq, status, project_id, end_at, source, certificate_type) WHERE deleted_at = 0;
CREATE INDEX certificate_order ON certificate (account_id, order_id);
CREATE INDEX certificate_key ON certificate (account_id, key_id);
-- What ends next, over all accounts: only the issued (status 1) are in it.
CREATE INDEX certificate_expiry ON certificate (end_at) WHERE status = 1;
CREATE TABLE cert_key (
    key_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    key_type BIGINT NOT NULL,               -- enum msg_key_type
    spki BYTEA NOT NULL,
    spki_hash BYTEA NOT NULL,               -- SHA-256 of it
    csr BYTEA NOT NULL,                     -- DER
    sealed BYTEA NOT NULL,                  -- '' = the customer kept the key
    seal_version BIGINT NOT NULL,
    password_set BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_order BIGINT NOT NULL              -- the order that was submitted with it; 0 = none yet
);
CREATE INDEX cert_key_hash ON cert_key (spki_hash);
CREATE TABLE issued (
    issued_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    certificate_seq BIGINT NOT NULL,        -- its seq: an index of random ids would dirty a page of its own each time
    serial BYTEA NOT NULL UNIQUE,
    state TEXT NOT NULL,                    -- signing, issued, dead
    issuer TEXT NOT NULL,
    profile TEXT NOT NULL,
    profile_hash BYTEA NOT NULL,
    crl_shard BIGINT NOT NULL,
    request BYTEA NOT NULL,                 -- what the signer is asked, to be asked again after a crash; '' once done
    der BYTEA NOT NULL,                     -- '' while signing
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    caa_checked_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,             -- 0 = not
    revoke_reason BIGINT NOT NULL
);
CREATE INDEX issued_certificate ON issued (account_id, certificate_seq);
CREATE INDEX issued_signing ON issued (state, issued_id) WHERE state = 'signing';

-- What the signer's log and the database do not agree about, until they do.
CREATE TABLE finding (
    serial BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,                     -- unknown_to_database, unknown_to_signer, …, as the audit names them
    text TEXT NOT NULL,
    found_at BIGINT NOT NULL
);

-- What has to be shown for a certificate, and what was proved.  Evidence lives apart from orders.
CREATE TABLE validation (
    validation_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,                     -- what is to be proved: the authorization domain, A-labels
    zone TEXT NOT NULL,                     -- registrable domain
    method TEXT NOT NULL,                   -- TXT, CNAME, FILE
    record TEXT NOT NULL,                   -- full record name, or fileauth.txt
    value TEXT NOT NULL,
    state TEXT NOT NULL,                    -- pending, passed
    checked_at BIGINT NOT NULL,
    verdict BIGINT NOT NULL,                -- enum msg_verdict of the last look
    detail TEXT NOT NULL,
    found TEXT NOT NULL,                    -- values seen at the last look, one a line
    evidence_id BIGINT NOT NULL,
    purpose BIGINT NOT NULL,                -- 0 to be issued, 1 to be revoked
    certificate_seq BIGINT NOT NULL         -- its seq, found by it
);
CREATE INDEX validation_certificate ON validation (account_id, certificate_seq, position);
CREATE TABLE evidence (
    evidence_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    name TEXT NOT NULL,                     -- exact
    method BIGINT NOT NULL,                 -- enum msg_method
    value TEXT NOT NULL,
    detail TEXT NOT NULL,                   -- address, DNSSEC state
    proved_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX evidence_name ON evidence (account_id, name, expires_at);

-- Free allowance in use: reserved while pending, held while issued (QTA, SIL-13, SIL-14).
CREATE TABLE quota_use (
    certificate_id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    counter TEXT NOT NULL,                  -- home, any, package; '' = given back to the account, domain still counts
    primary_domain TEXT NOT NULL,           -- '' = given back to the domain
    returns_at BIGINT NOT NULL,             -- 0 = reserved, not issued yet
    created_at BIGINT NOT NULL
);
CREATE INDEX quota_use_account ON quota_use (account_id, counter);
CREATE INDEX quota_use_domain ON quota_use (primary_domain);
CREATE TABLE home_domain (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    domain TEXT NOT NULL,                   -- registrable domain that the operator lists as this account's home
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, domain) -- clustered
);
CREATE TABLE external_count (
    primary_domain TEXT PRIMARY KEY,        -- free certificates of other platforms, told by the operator (SIL-43)
    amount BIGINT NOT NULL
);
CREATE TABLE ledger (
    entry_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    transaction_id BIGINT NOT NULL,         -- the entries of one transaction sum to 0
    book TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX ledger_account ON ledger (account_id, book, entry_id);

-- The record: hash-chained, written in the act's transaction, never changed.
CREATE TABLE log (
    seq BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL,             -- 0 = the installation itself
    user_id BIGINT NOT NULL,
    certificate_id TEXT NOT NULL,
    type TEXT NOT NULL,                     -- apply, issued, download, … (api.md §5)
    action TEXT NOT NULL,                   -- for people
    created_at BIGINT NOT NULL,
    hash BYTEA NOT NULL,                    -- SHA-256 over the previous hash and this row
    certificate_seq BIGINT NOT NULL         -- its seq, 0 = none: found by it, in the order of certificates; not hashed
);
CREATE INDEX log_account ON log (account_id, created_at, seq);
CREATE INDEX log_certificate ON log (certificate_seq, seq) WHERE certificate_seq > 0;

-- Work to be done at a time.  A lease names the node that does it, until when.
CREATE TABLE job (
    job_id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,                     -- validate, issue, expire, deadline, crl, …
    account_id BIGINT NOT NULL,             -- 0 = the installation itself
    subject TEXT NOT NULL,                  -- certificate id, or what the kind says
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_node TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX job_due ON job (kind, due_at);
CREATE TABLE notice (
    notice_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT NOT NULL
);
CREATE INDEX notice_account ON notice (account_id, notice_id);
CREATE TABLE tag (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    certificate_seq BIGINT NOT NULL,        -- the certificate's seq: lists by tag come in its order
    PRIMARY KEY (account_id, certificate_id, tag_key) -- clustered
);
CREATE INDEX tag_newest ON tag (account_id, tag_key, certificate_seq, tag_value); -- of what is in no set yet
-- Lists filter and search by sets.  An account's certificates are cut, in their order, into segments of some thousand; for
-- each segment there is a set of its members for each one-, two- and three-byte piece ("gram") of the lower-cased id, alias and
-- names, and one for each status, project, tag … (facets).  A segment is written once, when an account has that many new
-- ones; what is newer is simply read.  So an application pays next to nothing for it.
CREATE TABLE search_segment (
    account_id BIGINT NOT NULL,
    segment BIGINT NOT NULL,                -- 1, 2, … in each account
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    dead BYTEA NOT NULL,                    -- set of the members deleted since
    seqs BYTEA NOT NULL,                    -- certificate.seq of each member, rising, 8 bytes each, big-endian
    PRIMARY KEY (account_id, segment)
);
CREATE INDEX search_segment_seq ON search_segment (account_id, last_seq);
CREATE TABLE certificate_gram (
    account_id BIGINT NOT NULL,
    gram BIGINT NOT NULL,                   -- its bytes as one number: text would have to be whole characters
    segment BIGINT NOT NULL,
    members BYTEA NOT NULL,                 -- set of the members whose text has the gram
    PRIMARY KEY (account_id, segment, gram) -- clustered
);
-- The grams that many members of a segment have (16 of 2,048): gram by gram, so that a common word is read in a few pages.
CREATE TABLE certificate_gram_common (
    account_id BIGINT NOT NULL,
    gram BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    members BYTEA NOT NULL,
    PRIMARY KEY (account_id, gram, segment) -- clustered
);
CREATE TABLE certificate_facet (
    account_id BIGINT NOT NULL,
    facet TEXT NOT NULL,                    -- status, project, type, key, source; tag (by its key alone), tag:KEY
    value TEXT NOT NULL,
    segment BIGINT NOT NULL,
    members BYTEA NOT NULL,
    PRIMARY KEY (account_id, facet, value, segment) -- clustered
);
CREATE TABLE certificate_ends (
    account_id BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    ends BYTEA NOT NULL,                    -- certificate.end_at of each member: 4 bytes each, then a fifth of each if one needs it
    PRIMARY KEY (account_id, segment) -- clustered
);
-- Exact counts without counting: one row for each combination of what lists filter by; the deleted are not counted.
CREATE TABLE certificate_count (
    account_id BIGINT NOT NULL,
    status BIGINT NOT NULL,
    project_id BIGINT NOT NULL,
    certificate_type TEXT NOT NULL,
    uploaded BIGINT NOT NULL,               -- 1: source is upload
    amount BIGINT NOT NULL,
    PRIMARY KEY (account_id, status, project_id, certificate_type, uploaded) -- clustered
);

-- The CA as the database knows it.
CREATE TABLE crl_shard (
    issuer TEXT NOT NULL,
    shard BIGINT NOT NULL,
    issued_count BIGINT NOT NULL,           -- counted up with each certificate, so it lies apart from the CRL's megabytes
    revoked_count BIGINT NOT NULL,          -- counted up in the revoking transaction; never down
    PRIMARY KEY (issuer, shard) -- clustered
);
-- All that a CRL says about its entries, packed (src/store/crl_shard.c), so that a million of them are read in a few thousand rows.
CREATE TABLE crl_block (
    issuer TEXT NOT NULL,
    shard BIGINT NOT NULL,
    block BIGINT NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (issuer, shard, block)
);
CREATE TABLE crl (
    issuer TEXT NOT NULL,
    shard BIGINT NOT NULL,
    crl_number BIGINT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    listed BIGINT NOT NULL,                 -- the shard's revoked_count when it was made: behind it, a new one is due
    fields BYTEA NOT NULL,                  -- the newest is these three around the first `listed` entries of its blocks
    extensions BYTEA NOT NULL,
    signature BYTEA NOT NULL,
    PRIMARY KEY (issuer, shard)
);
-- Facts of this installation: node name, set-up token's hash, sealed listener key, …
CREATE TABLE instance (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
