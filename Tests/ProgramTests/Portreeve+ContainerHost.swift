import TestSupport

extension Portreeve {
    /// A container's port that is published for every address.
    static let publishedPort = """
        table ip nat { chain p { type nat hook prerouting priority dstnat; iifname != "docker0" tcp dport 8080 dnat to 172.17.0.2:80; }; }

        """

    /// A program on a host with a bridge for containers: `eth0` and `docker0`, with the addresses 198.51.100.1 and 172.17.0.1.
    static func onContainerHost() throws -> Portreeve {
        let portreeve = try Portreeve()
        try portreeve.shell(
            """
            ip link add eth0 type veth peer name far; ip link add docker0 type bridge
            for d in lo eth0 far docker0; do ip link set $d up; done
            ip addr add 198.51.100.1/24 dev eth0; ip addr add 172.17.0.1/16 dev docker0
            """)
        return portreeve
    }

    /// Writes a policy that lets one source in to the published port; returns its path.
    func writePublishedPolicy() throws -> String {
        try write(
            "version: 1\nservices:\n  web: {ports: 8080/tcp, from: [198.51.100.10, 2001:db8::10], optional: true, why: x}\n"
        )
    }
}
