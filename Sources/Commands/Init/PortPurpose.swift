/// What a port is for, by its name in the services database: ports of one purpose belong to one service.
///
/// Names that differ only in what follows the protocol's have one purpose: `http`, `https` and `http-alt`, `domain` and
/// `domain-s`, `imap2` and `imaps`. So have ports that one program serves together, such as those of mail.
struct PortPurpose: Hashable {
    private let stem: String

    /// The purpose of a port with this name.
    init(of name: String) {
        let word = String(name.lowercased().prefix { $0.isLetter })
        let stem = word.hasSuffix("s") ? String(word.dropLast()) : word
        self.stem = Self.families.first { $0.contains(word) || $0.contains(stem) }?[0] ?? stem
    }

    /// Stems of protocols that one program serves to the same clients.
    private static let families = [
        ["http", "www", "webcache"],
        // Port 465 is also known as ssmtp and urd.
        ["mail", "smtp", "ssmtp", "submission", "urd", "imap", "pop", "sieve", "lmtp"],
        ["dhcp", "bootps", "bootpc", "dhcpv"],
        ["netbios", "microsoft"],
        ["isakmp", "ipsec"],
        // A domain controller.
        ["ldap", "kerberos", "kpasswd"],
        ["nfs", "sunrpc", "mountd"],
    ]
}
