//! The axis of networks.

use trainer::TrainError;
use trainer::network::{NetworkConfig, Preset, preset};
use trainer::run::RunConfig;

use super::definition::Axis;

impl Axis for NetworkConfig {
    const FLAG: &'static str = "networks";
    const VALUE_NAME: &'static str = "NETWORKS";
    const HELP: &'static str = "What to train, in the order of the report";

    fn default_values(_quick: bool) -> Vec<Self> {
        [&preset::SIMPLE_NETWORK, &preset::SPATIAL_BATCH_NORM_NETWORK]
            .map(|preset| preset.config.clone())
            .into()
    }

    fn choices() -> Vec<(&'static str, &'static str)> {
        Preset::all().iter().map(|preset| (preset.argument, preset.help)).collect()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let preset = Preset::all().iter().find(|preset| preset.argument == text);
        match preset {
            Some(preset) => Ok(preset.config.clone()),
            None => text.parse::<Self>().map_err(|unknown| unknown.to_string()),
        }
    }

    fn is_as_published(&self) -> bool {
        true // or it has no published figures
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn argument(&self) -> String {
        self.preset().map_or_else(|| self.text(), |preset| preset.argument.to_owned())
    }

    fn label(&self) -> String {
        self.name().into_owned()
    }

    fn apply(&self, run: &mut RunConfig) -> Result<(), TrainError> {
        run.network = self.clone();
        Ok(())
    }
}
