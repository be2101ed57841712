rootProject.name = "printcam"
