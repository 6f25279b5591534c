internal import System

/// The names of interfaces in the network namespace of the calling thread, each looked up once.
struct InterfaceNames {
    private var names: [UInt32: String] = [:]

    /// The name; `if7` for interface 7 if it no longer exists.
    subscript(_ index: UInt32) -> String {
        mutating get {
            if let name = names[index] { return name }
            let name = HostCalls.interfaceName(of: index) ?? "if\(index)"
            names[index] = name
            return name
        }
    }
}
