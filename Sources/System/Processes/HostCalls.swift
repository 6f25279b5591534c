internal import Addressing
internal import CLinux
internal import Glibc

/// Calls of libc about this process and its host, with Swift values.
public enum HostCalls {
    /// The value of an environment variable; `nil` if it is not set.
    public static func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

    /// The name of the host that the kernel knows; `nil` if it cannot be read.
    static var hostName: String? {
        var facts = utsname()
        guard unsafe uname(&facts) == 0 else { return nil }
        let name = unsafe withUnsafeBytes(of: &facts.nodename) { unsafe Array($0) }
        return name.span.text(at: 0)
    }

    /// The text of an error number, in lower case: `no such file or directory`.
    public static func text(ofError code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        let sentence = unsafe String(cString: text)
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }

    /// The time of a clock: clock_gettime(2).
    static func time(of clock: clockid_t) -> timespec {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return time
    }

    /// The name of a network interface in the namespace of the calling thread; `nil` if there is none.
    public static func interfaceName(of index: UInt32) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
            guard let start = buffer.baseAddress, unsafe if_indextoname(index, start) != nil else { return nil }
            return unsafe KernelName.text(at: start)
        }
    }

    /// The index of a network interface; 0 if there is none.
    static func interfaceIndex(of name: String) -> UInt32 {
        let name = KernelName.bytes(of: name).map(CChar.init(bitPattern:)) + [0]
        return unsafe if_nametoindex(name)
    }

    /// The size of the buffer for one entry of the user database, in bytes.
    private static let userRoom = 16 << 10

    /// The number of a user in the user database; `nil` if there is none.
    static func userNumber(of name: String) -> UInt32? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: userRoom) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let code = unsafe getpwnam_r(name, &entry, start, buffer.count, &found)
            guard code == 0 else { return nil }
            return unsafe found?.pointee.pw_uid
        }
    }

    /// The name of a user in the user database; `nil` if there is none.
    static func userName(of number: UInt32) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: userRoom) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let code = unsafe getpwuid_r(number, &entry, start, buffer.count, &found)
            guard code == 0, let name = unsafe found?.pointee.pw_name else { return nil }
            return unsafe String(cString: name)
        }
    }

    /// The terminals of the logged-in users in utmp(5), without `/dev/`.
    static var terminals: [String] {
        var terminals: [String] = []
        setutxent()
        while let entry = unsafe getutxent() {
            guard unsafe entry.pointee.ut_type == Int16(USER_PROCESS) else { continue }
            let line = unsafe withUnsafeBytes(of: &entry.pointee.ut_line) { unsafe Array($0) }
            terminals.append(line.span.text(at: 0))
        }
        endutxent()
        return terminals
    }

    /// Sends a message to a datagram socket of the host: sd_notify(3); failures are ignored.
    static func tell(_ socket: String, _ message: String) { _ = unsafe shim_tell(socket, message) }

    /// Writes a line to the system's log.
    static func log(_ line: String) {
        // The log keeps the pointer to the name: a literal stays where it is.
        let name: StaticString = "portreeve"
        unsafe openlog(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), LOG_PID, LOG_AUTHPRIV)
        unsafe line.withCString { text in unsafe withVaList([text]) { unsafe vsyslog(LOG_WARNING, "%s", $0) } }
        closelog()
    }
}
