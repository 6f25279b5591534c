import Addressing
import Compiler
import Testing

@testable import Commands

/// A policy that allows grants.
let grantPolicy = """
    version: 1
    defaults: {grant-limit: 4h}
    deny: [203.0.113.66]
    services:
      ssh: {ports: 22, from: 10.0.0.0/8, why: Admin}
      web: {ports: 80, from: 10.0.0.0/8, limit: 10/minute, why: Site}

    """

/// Tests of grants: a host whose table is loaded, and the commands that they are made of.
protocol GrantTesting {
    /// The host.
    var terminal: Terminal { get }
    /// The policy file.
    var policy: String { get }
}

extension GrantTesting {
    /// A host with the table of `grantPolicy`, and the path of the policy.
    static func loaded() throws -> (terminal: Terminal, policy: String) {
        let terminal = try Terminal()
        let policy = try terminal.write(grantPolicy)
        try #require(try terminal.run("apply", policy, "--yes") == .success)
        return (terminal, policy)
    }

    func grant(_ service: String, _ address: String, _ time: String = "2h") throws -> Commands.ExitStatus {
        try terminal.run("grant", service, policy, "--from", address, "--for", time, "--why", "incident 7")
    }

    func source(_ address: String, _ seconds: Int64, _ service: String = "ssh") throws -> GrantedSource {
        GrantedSource(service: service, address: try #require(IPAddress(AddressRange(address))), seconds: seconds)
    }

    var live: Set<GrantedSource> { Set(terminal.store.table?.grantedSources ?? []) }

    /// Does what the kernel does to a grant whose time is over.
    func expire(_ service: String, _ address: String) throws {
        let table = try #require(terminal.store.table)
        terminal.store.put(table.withoutGrant(of: service, to: try #require(IPAddress(AddressRange(address)))))
    }
}
