internal import Addressing
internal import Policies

/// The comments and applications of ufw's rules, which stand only in its files.
///
/// A rule is a line such as `### tuple ### allow tcp 80,443 0.0.0.0/0 any 10.0.0.0/8 in comment=576562`: action, protocol, ports,
/// destination, source ports, source, applications of both ends or none, direction, comment in hexadecimal digits.
struct UfwRules {
    /// A rule that lets clients in.
    private struct Entry {
        let transports: Set<TransportProtocol>
        let ports: IntervalSet<UInt16>
        let comment: String?
        let application: String?
    }

    private let entries: [Entry]

    /// The files with the rules of a user.
    private static let paths = ["/etc/ufw/user.rules", "/etc/ufw/user6.rules"]

    /// The rules in the files of the host; none if they cannot be read.
    init(_ files: any PolicyFiles) {
        entries = Self.paths.flatMap { path -> [Entry] in
            guard let bytes = try? files.read(path, checksOwnership: false).bytes else { return [] }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Self.entry(String($0)) }
        }
    }

    private static func entry(_ line: String) -> Entry? {
        let start = "### tuple ### "
        guard line.hasPrefix(start) else { return nil }
        let words = line.dropFirst(start.count).split(separator: " ").map(String.init)
        guard words.count > 6, ["allow", "limit"].contains(words[0]), !words[6].hasPrefix("out"),
            let ports = ports(words[2])
        else { return nil }
        let comment = words.last.flatMap { $0.hasPrefix("comment=") ? text(ofHexadecimal: $0.dropFirst(8)) : nil }
        let application = words.count > 8 && words[6] != "-" && !words[6].hasPrefix("in") ? words[6] : nil
        guard comment != nil || application != nil else { return nil }
        let transports: Set<TransportProtocol> = words[1] == "tcp" ? [.tcp] : words[1] == "udp" ? [.udp] : [.tcp, .udp]
        return Entry(
            transports: transports, ports: ports, comment: comment,
            application: application?.replacing("%20", with: " "))
    }

    /// The ports of `80,443` or `8000:8100`.
    private static func ports(_ text: String) -> IntervalSet<UInt16>? {
        var ranges: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: ":").compactMap { UInt16($0) }
            guard let first = ends.first, let last = ends.last, first <= last, ends.count <= 2 else { return nil }
            ranges.append(first...last)
        }
        return ranges.isEmpty ? nil : IntervalSet(ranges)
    }

    private static func text(ofHexadecimal digits: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = digits
        while rest.count >= 2 {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return rest.isEmpty ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// Gives a service that rules of ufw open their comment and application, unless several are known for its ports.
    func explain(_ service: inout PolicyDraft.Service) {
        let fitting = fitting(service)
        service.comment = service.comment ?? fitting.compactMap(\.comment).only
        service.application = service.application ?? fitting.compactMap(\.application).only
    }

    private func fitting(_ service: PolicyDraft.Service) -> [Entry] {
        guard service.rules.contains(where: { $0.contains(" ufw") }) else { return [] }
        return entries.filter { entry in
            service.ports.allSatisfy { transport, ports in
                entry.transports.contains(transport) && ports.subtracting(entry.ports).isEmpty
            }
        }
    }
}

extension [String] {
    /// The text that all elements are; `nil` for different ones or none.
    fileprivate var only: String? { Set(self).count == 1 ? first : nil }
}
