internal import Addressing
internal import CLinux
internal import Glibc

/// The process that looks up one name in one family: a copy of this program, without privileges.
public enum NameProcess {
    /// The first word of its command line.
    public static let command = "look-up-name"

    /// The descriptor that gets the answer.
    static let answerDescriptor: Int32 = 3
    /// The user and the group that processes without rights have: `nobody` (systemd's uids and gids).
    private static let nobody: UInt32 = 65534
    /// The size of the buffer for the addresses, in bytes: more than a DNS message can hold.
    private static let room = 256 << 10

    /// The command line for a question in a network namespace, which has a name if it was entered by that.
    static func arguments(_ name: String, _ family: AddressFamily, _ namespace: String?) -> [String] {
        ["portreeve", command, family.rawValue, name] + (namespace.map { [$0] } ?? [])
    }

    /// Answers the question of a command line, and ends the process.
    public static func run(_ arguments: [String]) -> Never {
        _ = shim_close_from(UInt32(answerDescriptor) + 1)
        let fault = arguments.count > 2 ? useResolvers(of: arguments[2]) : 0
        let code = shim_shed_privileges(nobody)
        let outcome: NameAnswer.Outcome
        if code != 0 {
            outcome = .failure("cannot give up privileges: \(HostCalls.text(ofError: code))")
        } else if fault != 0 {
            outcome = .failure("cannot use the resolv.conf of the namespace: \(HostCalls.text(ofError: fault))")
        } else if arguments.count >= 2, let family = AddressFamily(rawValue: arguments[0]) {
            outcome = answer(arguments[1], family)
        } else {
            outcome = .failure("cannot read the question")
        }
        var rest = Array(outcome.text.utf8)[...]
        while !rest.isEmpty, let count = try? File.write(rest, to: answerDescriptor), count > 0 {
            rest = rest.dropFirst(count)
        }
        exit(rest.isEmpty ? 0 : 1)
    }

    /// Uses the name servers that ip-netns(8) has for a namespace, if any; returns 0 or the error.
    private static func useResolvers(of namespace: String) -> Int32 {
        guard !namespace.contains("/") else { return 0 }
        return unsafe shim_use_resolvers("/etc/netns/\(namespace)/resolv.conf")
    }

    private static func answer(_ name: String, _ family: AddressFamily) -> NameAnswer.Outcome {
        var text = [CChar](repeating: 0, count: room)
        let code = unsafe shim_look_up(name, family == .ipv4 ? AF_INET : AF_INET6, &text, text.count)
        switch code {
        case 0: break
        case shim_no_address, shim_no_address_of_family: return .absent
        case EAI_NONAME: return .unknownName
        case EAI_AGAIN: return .failure("the name servers did not answer")
        case EAI_FAIL: return .failure("the name servers failed")
        case EAI_SYSTEM: return .failure(HostCalls.text(ofError: errno))
        default: return .failure("error \(code) of getaddrinfo(3)")
        }
        let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        // An IPv4-mapped address (RFC 4291 2.5.5.2) is no address of a packet.
        let addresses = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap {
            (try? AddressRange(String($0))).flatMap(IPAddress.init)
        }
        var seen: Set<IPAddress> = []
        let distinct = addresses.filter { $0.family == family && seen.insert($0).inserted }
        return distinct.isEmpty ? .failure("the answer has no address that packets can have") : .addresses(distinct)
    }
}
