"""The pages of the app: words and Streamlit calls only."""
