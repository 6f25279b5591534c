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

/// The setup of tests of grants: a host with a loaded table, and the commands.
protocol GrantTesting {
    /// The host.
    var terminal: Terminal { get }
    /// The policy file.
    var policy: String { get }
}

extension GrantTesting {
    /// Creates a host with the table of `grantPolicy`.
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

    /// Expires a grant as the kernel does.
    func expire(_ service: String, _ address: String) throws {
        let table = try #require(terminal.store.table)
        terminal.store.put(table.withoutGrant(of: service, to: try #require(IPAddress(AddressRange(address)))))
    }
}
