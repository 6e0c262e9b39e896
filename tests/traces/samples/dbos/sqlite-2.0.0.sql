BEGIN;
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE operation_outputs (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    PRIMARY KEY (workflow_uuid, function_id),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE notifications (
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))),
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
INSERT INTO operation_outputs VALUES ('r-timeout', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsKcy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-timeout', 2, 'flaky', 'gARLBy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-timeout', 3, 'child', NULL, NULL, 'r-timeout-3');
INSERT INTO operation_outputs VALUES ('r-timeout-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-timeout', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-timeout-3');
INSERT INTO operation_outputs VALUES ('r-timeout', 5, 'DBOS.setEvent', NULL, NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-timeout', 6, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6NWoTcu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-timeout', 8, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6NjiWUu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-timeout', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-timeout', 9, 'publish', 'gASVDQAAAAAAAACMCXB1Ymxpc2hlZJQu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEtacy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 2, 'flaky', 'gARLBy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 3, 'child', NULL, NULL, 'r-over-3');
INSERT INTO operation_outputs VALUES ('r-over-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-over-3');
INSERT INTO operation_outputs VALUES ('r-over', 5, 'DBOS.setEvent', NULL, NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 6, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6NqZAYu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 8, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6N3Q+Mu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-over', 9, 'publish', NULL, 'gASVOAAAAAAAAACMCGJ1aWx0aW5zlIwKVmFsdWVFcnJvcpSTlIwWZGlzY291bnQgOTAlID4gbWF4IDMwJZSFlFKULg==', NULL);
INSERT INTO operation_outputs VALUES ('r-approved', 2, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6S4CoQu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('624c1ad2-0f5d-45d5-aaa1-3740ec38e0f6', 1, 'DBOS.send', NULL, NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-approved', 1, 'DBOS.recv', 'gASVBwAAAAAAAACMA3llc5Qu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-broken', 1, 'hopeless', NULL, 'gASVgAAAAAAAAACMC2Rib3MuX2Vycm9ylIwaREJPU01heFN0ZXBSZXRyaWVzRXhjZWVkZWSUk5SMCGhvcGVsZXNzlEsCXZQojAhidWlsdGluc5SMDFJ1bnRpbWVFcnJvcpSTlIwSdXBzdHJlYW0gNTAzIGFnYWlulIWUUpRoB2gIhZRSlGWHlFKULg==', NULL);
INSERT INTO operation_outputs VALUES ('r-deadline', 1, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6OZegIu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-deadline', 2, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-deadline', 3, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6OgK9Iu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-deadline', 4, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-deadline', 5, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6OmwXcu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-cancel', 1, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6OtZBwu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-cancel', 2, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-cancel', 3, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6Oz/4wu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-cancel', 4, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-cancel', 5, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6O6mbwu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsKcy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 2, 'flaky', 'gARLBy4=', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 3, 'child', NULL, NULL, 'r-fork-3');
INSERT INTO operation_outputs VALUES ('r-fork-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-fork-3');
INSERT INTO operation_outputs VALUES ('r-fork', 5, 'DBOS.setEvent', NULL, NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 6, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6Paf1Yu', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 8, 'DBOS.sleep', 'gASVCgAAAAAAAABHQdrBx6PnYLku', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL);
INSERT INTO operation_outputs VALUES ('r-fork', 9, 'publish', 'gASVDQAAAAAAAACMCXB1Ymxpc2hlZJQu', NULL, NULL);
INSERT INTO workflow_events VALUES ('r-timeout', 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=');
INSERT INTO workflow_events VALUES ('r-over', 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=');
INSERT INTO workflow_events VALUES ('r-fork', 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=');
INSERT INTO workflow_status VALUES ('r-timeout', 'SUCCESS', 'renewal', NULL, NULL, NULL, NULL, 'gAROLg==', NULL, 'local', 1795628685000, 1795628685000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwqFlIwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-timeout-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'local', 1795628685000, 1795628685000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-over', 'ERROR', 'renewal', NULL, NULL, NULL, NULL, NULL, 'gASVOAAAAAAAAACMCGJ1aWx0aW5zlIwKVmFsdWVFcnJvcpSTlIwWZGlzY291bnQgOTAlID4gbWF4IDMwJZSFlFKULg==', 'local', 1795628685000, 1795628685000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUS1qFlIwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-over-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'local', 1795628685000, 1795628685000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-approved', 'SUCCESS', 'approved', NULL, NULL, NULL, NULL, 'gASVBwAAAAAAAACMA3llc5Qu', NULL, 'local', 1795628685000, 1795628686000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('624c1ad2-0f5d-45d5-aaa1-3740ec38e0f6', 'SUCCESS', '<temp>.temp_send_workflow', NULL, NULL, NULL, NULL, 'gAROLg==', NULL, 'local', 1795628686000, 1795628686000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVNwAAAAAAAAB9lCiMBGFyZ3OUjApyLWFwcHJvdmVklIwDeWVzlIwIYXBwcm92YWyUh5SMBmt3YXJnc5R9lHUu', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-broken', 'ERROR', 'broken', NULL, NULL, NULL, NULL, NULL, 'gASVgAAAAAAAAACMC2Rib3MuX2Vycm9ylIwaREJPU01heFN0ZXBSZXRyaWVzRXhjZWVkZWSUk5SMCGhvcGVsZXNzlEsCXZQojAhidWlsdGluc5SMDFJ1bnRpbWVFcnJvcpSTlIwSdXBzdHJlYW0gNTAzIGFnYWlulIWUUpRoB2gIhZRSlGWHlFKULg==', 'local', 1795628686000, 1795628686000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-deadline', 'CANCELLED', 'slow', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628686000, 1795628686000, 'v7', '', NULL, NULL, 1, NULL, 250, 1795628686545, 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-cancel', 'CANCELLED', 'slow', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628686000, 1795628686000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
INSERT INTO workflow_status VALUES ('r-fork', 'SUCCESS', 'renewal', NULL, NULL, NULL, NULL, 'gAROLg==', NULL, 'local', 1795628686000, 1795628687000, 'v7', '', NULL, NULL, 1, '_dbos_internal_queue', NULL, NULL, 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwqFlIwGa3dhcmdzlH2UdS4=', 1795628687311, NULL, 0);
INSERT INTO workflow_status VALUES ('r-fork-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'local', 1795628687000, 1795628687000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', NULL, NULL, 0);
COMMIT;
