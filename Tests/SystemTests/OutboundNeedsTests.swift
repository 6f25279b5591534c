import Addressing
import Testing

@testable import System

@Suite("The servers that a host's configuration names")
struct OutboundNeedsTests {
    private func needs(_ files: [String: String]) -> OutboundNeeds {
        OutboundNeeds(text: { files[$0] }) { directory in
            files.keys.filter { $0.hasPrefix(directory + "/") }.map { String($0.dropFirst(directory.count + 1)) }
                .sorted()
        }
    }

    @Test("Resolvers, and those behind the stub of systemd-resolved")
    func resolvers() {
        let plain = needs(["/etc/resolv.conf": "search example.org\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\n"])
        #expect(plain.resolvers.map(\.name) == ["192.0.2.53", "fe80::1"])
        let stub = needs([
            "/etc/resolv.conf": "nameserver 127.0.0.53\n",
            "/run/systemd/resolve/resolv.conf": "nameserver 2001:db8::53\n",
        ])
        #expect(stub.resolvers.map(\.name) == ["2001:db8::53"])
        #expect(stub.resolvers.allSatisfy { $0.transport == .udp && $0.port == 53 && $0.address != nil })
    }

    @Test("Time servers of chrony, ntpd and systemd-timesyncd")
    func timeServers() {
        let found = needs([
            "/etc/chrony/chrony.conf": "# server old.example\npool 2.debian.pool.ntp.org iburst\ndriftfile /x\n",
            "/etc/chrony/sources.d/lan.sources": "server 192.0.2.123\n",
            "/etc/systemd/timesyncd.conf": "[Time]\nNTP=a.example b.example\n#NTP=c.example\n",
        ]).timeServers
        #expect(found.map(\.name) == ["2.debian.pool.ntp.org", "192.0.2.123", "a.example", "b.example"])
        #expect(found.allSatisfy { $0.transport == .udp && $0.port == 123 })
    }

    @Test("Mirrors of apt in both forms")
    func mirrors() {
        let found = needs([
            "/etc/apt/sources.list": "deb http://deb.debian.org/debian bookworm main\n# deb http://old/ x\n",
            "/etc/apt/sources.list.d/x.sources":
                "Types: deb\nURIs: https://user@mirror.example:8443/x http://192.0.2.80/\n",
        ]).mirrors
        #expect(found.map(\.name) == ["deb.debian.org", "mirror.example", "192.0.2.80"])
        #expect(found.map(\.port) == [80, 8443, 80])
    }

    @Test("Sources of accounts that ask servers")
    func accounts() {
        #expect(
            needs(["/etc/nsswitch.conf": "passwd: files sss\ngroup: files ldap # x\nhosts: files dns\n"]).accountSources
                == ["sss", "ldap"])
        #expect(needs(["/etc/nsswitch.conf": "passwd: files systemd\n"]) == OutboundNeeds())
    }
}
