//! The arguments of the commands about which printers there are.

use std::time::Duration;

use clap::Args;
use printcam::discover::Subnet;

use super::{ConnectionArguments, parse_time};
use crate::camera::TypedAddress;
use crate::output::Destination;

#[derive(Debug, Args)]
pub(crate) struct DiscoverArguments {
    /// Also look at each address of a subnet, as in 192.168.1.0/24: whether its camera's port is open.
    #[arg(long, value_name = "CIDR")]
    pub(crate) subnet: Option<Subnet>,
    /// One JSON object a line, for each printer found, changed or gone.
    #[arg(long)]
    pub(crate) json: bool,
    /// How long to listen.
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) time: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// What it shall be called: letters, digits, - and _
    pub(crate) name: String,
    /// The printer's IP address, or rtsps://<address>/streaming/live/1
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: TypedAddress,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// A printer's name in the configuration, its IP address, or rtsps://bblp:<access code>@<address>/streaming/live/1
    #[arg(value_name = "PRINTER")]
    pub(crate) address: TypedAddress,
    /// One JSON object with everything that was found.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also put the report and a log into an archive for a bug report: without access code, serial number and addresses.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = BUNDLE)]
    pub(crate) bundle: Option<Destination>,
    /// How long video is watched.
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) time: Duration,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

const BUNDLE: &str = "printcam-doctor.tar.gz";

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// One JSON object a line; the access code is not in it.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// What it is called.
    pub(crate) name: String,
}
